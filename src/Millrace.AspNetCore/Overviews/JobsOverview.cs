using Millrace.AspNetCore.Management;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Overviews;

/// <summary>Jobs at one moment. When the store did not answer, <see cref="Error"/> says so and the lists are empty.</summary>
internal sealed record JobsOverview
{
    public static readonly JobTotals NoTotals = new(0, 0, 0, 0, 0, 0, 0, 0);

    public string? Error { get; init; }

    public string? Store { get; init; }

    public JobTotals Totals { get; init; } = NoTotals;

    public IReadOnlyList<QueueStatus> Queues { get; init; } = [];

    public IReadOnlyList<JobView> Running { get; init; } = [];

    public IReadOnlyList<JobView> Retrying { get; init; } = [];

    public IReadOnlyList<JobView> Blocked { get; init; } = [];

    public IReadOnlyList<JobView> Dead { get; init; } = [];

    public IReadOnlyList<ScheduleView> Schedules { get; init; } = [];

    public IReadOnlyList<WorkerView> Workers { get; init; } = [];
}
