using System.Runtime.InteropServices;
using System.Text.Json;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>Values as the drivers take them.</summary>
internal static class SqlValue
{
    /// <summary>Names as a JSON array.</summary>
    public static string Json(IReadOnlyList<string> names) => names.Count == 0 ? "[]" : JsonSerializer.Serialize([.. names], SqlJson.Default.StringArray);

    /// <summary>Metadata as a JSON object; null when there is none.</summary>
    public static string? Json(IReadOnlyDictionary<string, string> metadata) =>
        metadata.Count == 0 ? null : JsonSerializer.Serialize(new Dictionary<string, string>(metadata), SqlJson.Default.DictionaryStringString);

    /// <summary>Bytes as the driver takes them; copied only when they are a part of something larger.</summary>
    public static byte[] Bytes(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var part) && part.Array is { } array && part.Offset == 0 && part.Count == array.Length
            ? array
            : bytes.ToArray();

    public static long? Milliseconds(DateTimeOffset? time) => time is { } value ? SqlTime.Cut(value) : null;
}
