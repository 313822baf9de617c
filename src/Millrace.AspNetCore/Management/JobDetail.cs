using System.Text;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Management;

/// <summary>One job with its payload and result as the JSON text that is stored.</summary>
internal sealed record JobDetail : JobView
{
    private const int MaximumShownBytes = 64 * 1024;

    /// <summary>Null when it waits for none.</summary>
    public required JobCondition? RunsWhen { get; init; }

    public required IReadOnlyList<JobLinkView> After { get; init; }

    public required IReadOnlyList<JobLinkView> Before { get; init; }

    /// <summary>What it has logged, oldest first.</summary>
    public required IReadOnlyList<JobLogLine> Log { get; init; }

    public required int PayloadBytes { get; init; }

    /// <summary>Null for those who may only read, and when it is larger than 64 KiB.</summary>
    public required string? Payload { get; init; }

    public required string? Result { get; init; }

    public static string? Text(ReadOnlyMemory<byte> json) => json.Length > MaximumShownBytes ? null : Encoding.UTF8.GetString(json.Span);
}
