using Millrace.AspNetCore.Health;
using Millrace.AspNetCore.Management;
using Millrace.Caching;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Overviews;

/// <summary>The state of everything at one moment, as the dashboard's page shows it; bounded in every list.</summary>
internal sealed record Overview
{
    public required DateTimeOffset At { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required string Node { get; init; }

    public required string Application { get; init; }

    public required string Environment { get; init; }

    public required IReadOnlyList<CacheStatistics> Caches { get; init; }

    public required IReadOnlyList<string> Warmers { get; init; }

    public required JobsOverview Jobs { get; init; }

    public required RealtimeStatistics Channels { get; init; }

    public required HealthView Health { get; init; }
}
