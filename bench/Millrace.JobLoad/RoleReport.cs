using System.Text.Json.Serialization;

namespace Millrace.JobLoad;

/// <summary>What a process that played a role printed. Null parts do not belong to its role.</summary>
internal sealed record RoleReport
{
    /// <summary>Jobs that were measured.</summary>
    [JsonPropertyName("jobs")]
    public required long Jobs { get; init; }

    /// <summary>How long they took.</summary>
    [JsonPropertyName("seconds")]
    public double Seconds { get; init; }

    /// <summary>What the other side did in turns with it, where both share a process.</summary>
    [JsonPropertyName("other")]
    public RoleReport? Other { get; init; }

    /// <summary>Median of the time from the enqueue to the handler's start, in milliseconds.</summary>
    [JsonPropertyName("p50")]
    public double? P50 { get; init; }

    /// <summary>99th percentile of it.</summary>
    [JsonPropertyName("p99")]
    public double? P99 { get; init; }

    /// <summary>Share of one core that the process took, in per cent.</summary>
    [JsonPropertyName("cpu_percent")]
    public double? CpuPercent { get; init; }

    /// <summary>What a role has to tell beside, by name.</summary>
    [JsonPropertyName("parts")]
    public IReadOnlyDictionary<string, double>? Parts { get; init; }

    /// <summary>CPU time that the server took for a job; measured beside the role.</summary>
    [JsonIgnore]
    public double? ServerCpuMicroseconds { get; init; }

    /// <summary>Memory that the server took for a job; measured beside the role.</summary>
    [JsonIgnore]
    public double? ServerBytes { get; init; }

    [JsonIgnore]
    public double PerSecond => Jobs / Seconds;
}
