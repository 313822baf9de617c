using System.Collections.ObjectModel;
using System.Data.Common;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>One row as the database gave it: every value is checked for type and range, because others can write to the file too.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct SqlRow(DbDataReader reader)
{
    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The row as far as it can be named in a message: its first column.</summary>
    private string Name => $"{reader.GetName(0)} '{reader.GetValue(0)}'";

    public bool IsNull(int column) => reader.IsDBNull(column);

    public long Number(int column, long minimum = long.MinValue, long maximum = long.MaxValue)
    {
        // PostgreSQL has narrower numbers too; SQLite has only this one, and texts where something else wrote them.
        long? number = reader.GetValue(column) switch
        {
            long value => value,
            int value => value,
            short value => value,
            _ => null,
        };
        return number is { } found && found >= minimum && found <= maximum ? found : throw Invalid(column);
    }

    public int Integer(int column, int minimum, int maximum) => (int)Number(column, minimum, maximum);

    public double Real(int column) => reader.GetValue(column) is double value && double.IsFinite(value) ? value : throw Invalid(column);

    public bool Flag(int column) => reader.GetValue(column) is bool value ? value : Number(column, 0, 1) == 1;

    public JobState State(int column) => (JobState)Number(column, 0, 6);

    public string Text(int column, int maximumLength) =>
        reader.GetValue(column) is string value && value.Length <= maximumLength ? value : throw Invalid(column);

    public string? TextOrNull(int column, int maximumLength) => IsNull(column) ? null : Text(column, maximumLength);

    public ReadOnlyMemory<byte> Bytes(int column) => reader.GetValue(column) is byte[] value ? value : throw Invalid(column);

    public ReadOnlyMemory<byte>? BytesOrNull(int column) => IsNull(column) ? default(ReadOnlyMemory<byte>?) : Bytes(column);

    public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(Number(column, -LatestTime / 4, LatestTime));

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    public TimeSpan? DurationOrNull(int column) => IsNull(column) ? null : TimeSpan.FromTicks(Number(column, 0));

    /// <summary>Names: an array, or a JSON array; null is none.</summary>
    public IReadOnlyList<string> Names(int column, int maximumCount)
    {
        switch (reader.GetValue(column))
        {
            case DBNull:
                return [];
            case string[] array:
                return AreNames(array, maximumCount) ? array : throw Invalid(column);
        }

        var text = Text(column, maximumCount * 7 * JobLimits.MaximumNameLength); // a character takes up to six when escaped
        if (text == "[]")
        {
            return [];
        }

        try
        {
            var names = JsonSerializer.Deserialize(text, SqlJson.Default.StringArray);
            if (names is not null && AreNames(names, maximumCount))
            {
                return names;
            }
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw Invalid(column);
    }

    /// <summary>An array of texts; null when null.</summary>
    public string[]? Texts(int column) => IsNull(column) ? null : reader.GetValue(column) is string[] texts ? texts : throw Invalid(column);

    /// <summary>A JSON object of texts; empty when null.</summary>
    public IReadOnlyDictionary<string, string> Metadata(int column)
    {
        if (IsNull(column))
        {
            return ReadOnlyDictionary<string, string>.Empty;
        }

        var text = Text(column, JobLimits.MaximumMetadata * 7 * (JobLimits.MaximumMetadataNameLength + JobLimits.MaximumMetadataValueLength));
        try
        {
            var metadata = JsonSerializer.Deserialize(text, SqlJson.Default.DictionaryStringString);
            if (metadata is { Count: <= JobLimits.MaximumMetadata } && metadata.All(static entry =>
                entry is { Key.Length: > 0 and <= JobLimits.MaximumMetadataNameLength, Value.Length: <= JobLimits.MaximumMetadataValueLength }))
            {
                return metadata;
            }
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw Invalid(column);
    }

    private static bool AreNames(string[] names, int maximumCount) => names.Length <= maximumCount
        && Array.TrueForAll(names, static name => name is { Length: > 0 and <= JobLimits.MaximumNameLength });

    private InvalidDataException Invalid(int column) => new(
        $"The job store holds a row that is not valid: {Name}, column '{reader.GetName(column)}' has a value of the wrong type or range. "
        + "Something else wrote to the database, or the database is damaged: repair the row, or remove it with its job's id.");
}
