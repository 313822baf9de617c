using System.Text;

namespace Millrace.AspNetCore.Management;

/// <summary>One job with its payload and result as the JSON text that is stored.</summary>
internal sealed record JobDetail : JobView
{
    private const int MaximumShownBytes = 64 * 1024;

    public required int PayloadBytes { get; init; }

    /// <summary>Null for those who may only read, and when it is larger than 64 KiB.</summary>
    public required string? Payload { get; init; }

    public required string? Result { get; init; }

    public static string? Text(ReadOnlyMemory<byte> json) => json.Length > MaximumShownBytes ? null : Encoding.UTF8.GetString(json.Span);
}
