using System.Text.Json.Serialization;

namespace Millrace.JobLoad;

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

    [JsonPropertyName("p50")]
    public double? P50 { get; init; }

    [JsonPropertyName("p99")]
    public double? P99 { get; init; }

    [JsonPropertyName("vs_p50")]
    public double? VersusP50 { get; init; }

    [JsonPropertyName("vs_p99")]
    public double? VersusP99 { get; init; }

    [JsonPropertyName("ratio_p99")]
    public double? RatioP99 { get; init; }

    [JsonPropertyName("goal")]
    public required double Goal { get; init; }

    /// <summary>"at least" or "at most", of <see cref="Ratio"/>, or of <see cref="Value"/> where there is no other side.</summary>
    [JsonPropertyName("goal_is")]
    public required string GoalIs { get; init; }

    /// <summary>Jobs in one run of ours and of the other side.</summary>
    [JsonPropertyName("jobs")]
    public long? Jobs { get; init; }

    [JsonPropertyName("vs_jobs")]
    public long? VersusJobs { get; init; }

    /// <summary>What a figure over several stores has for each.</summary>
    [JsonPropertyName("stores")]
    public IReadOnlyDictionary<string, double>? Stores { get; init; }

    /// <summary>What a figure is made of.</summary>
    [JsonPropertyName("parts")]
    public IReadOnlyDictionary<string, double>? Parts { get; init; }

    [JsonPropertyName("runs")]
    public IReadOnlyList<double>? Runs { get; init; }

    [JsonPropertyName("vs_runs")]
    public IReadOnlyList<double>? VersusRuns { get; init; }
}
