using System.Text.Json.Serialization;

namespace Millrace.Micro;

/// <summary>One figure as it is printed. Null parts are left out.</summary>
internal sealed record FigureLine
{
    [JsonPropertyName("bench")]
    public required string Bench { get; init; }

    [JsonPropertyName("value")]
    public required double Value { get; init; }

    [JsonPropertyName("unit")]
    public required string Unit { get; init; }

    [JsonPropertyName("vs")]
    public string? Versus { get; init; }

    [JsonPropertyName("vs_value")]
    public double? VersusValue { get; init; }

    [JsonPropertyName("ratio")]
    public double? Ratio { get; init; }

    [JsonPropertyName("alloc_bytes")]
    public double? AllocatedBytes { get; init; }

    [JsonPropertyName("array_bytes")]
    public double? ArrayBytes { get; init; }

    [JsonPropertyName("source_writes_per_write")]
    public double? SourceWritesPerWrite { get; init; }

    [JsonPropertyName("p50")]
    public double? P50 { get; init; }

    [JsonPropertyName("p99")]
    public double? P99 { get; init; }

    [JsonPropertyName("goal")]
    public double? Goal { get; init; }

    [JsonPropertyName("over_bound")]
    public double? OverBound { get; init; }

    [JsonPropertyName("readable")]
    public double? Readable { get; init; }

    [JsonPropertyName("vs_readable")]
    public double? VersusReadable { get; init; }

    [JsonPropertyName("runs")]
    public IReadOnlyList<double>? Runs { get; init; }

    [JsonPropertyName("vs_runs")]
    public IReadOnlyList<double>? VersusRuns { get; init; }
}
