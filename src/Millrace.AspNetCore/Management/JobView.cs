using Millrace.Jobs;

namespace Millrace.AspNetCore.Management;

/// <summary>A job in a list: everything but its payload and result.</summary>
internal record JobView
{
    public required string Id { get; init; }

    public required string Queue { get; init; }

    public required string Type { get; init; }

    public required JobState State { get; init; }

    public required int Priority { get; init; }

    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    public required double? TimeoutSeconds { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required string? Group { get; init; }

    public required string? Schedule { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    public required DateTimeOffset? StartedAt { get; init; }

    public required DateTimeOffset? FinishedAt { get; init; }

    public required string? WorkerId { get; init; }

    public required bool CancelRequested { get; init; }

    public required string? Error { get; init; }

    public required int ProgressPercent { get; init; }

    public required string? ProgressMessage { get; init; }

    public static JobView Of(JobRecord job) => Fill(job, new JobLinks(), [], payload: null);

    /// <summary>The view of one job; <paramref name="withPayload"/> for those who may operate, since payloads may hold what not everyone should read.</summary>
    public static JobDetail Detail(JobRecord job, JobLinks links, IReadOnlyList<JobLogLine> log, bool withPayload) => Fill(job, links, log, withPayload ? (job.Payload, job.Result) : null);

    private static JobDetail Fill(JobRecord job, JobLinks links, IReadOnlyList<JobLogLine> log, (ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte>? Result)? payload) => new()
    {
        Id = job.Id,
        Queue = job.Queue,
        Type = job.Type,
        State = job.State,
        Priority = job.Priority,
        Attempt = job.Attempt,
        MaxAttempts = job.MaxAttempts,
        TimeoutSeconds = job.Timeout?.TotalSeconds,
        Tags = job.Tags,
        Group = job.Group,
        Schedule = job.Schedule,
        CreatedAt = job.CreatedAt,
        DueAt = job.DueAt,
        StartedAt = job.StartedAt,
        FinishedAt = job.FinishedAt,
        WorkerId = job.WorkerId,
        CancelRequested = job.CancelRequested,
        Error = job.Error,
        ProgressPercent = job.ProgressPercent,
        ProgressMessage = job.ProgressMessage,
        RunsWhen = links.After.Count == 0 ? null : links.Condition,
        After = [.. links.After.Select(static link => new JobLinkView(link.Job.Id, link.Job.Queue, link.Ended))],
        Before = [.. links.Before.Select(static job => new JobLinkView(job.Id, job.Queue, null))],
        Log = log,
        PayloadBytes = job.Payload.Length,
        Payload = payload is { } shown ? JobDetail.Text(shown.Payload) : null,
        Result = payload is { Result: { } result } ? JobDetail.Text(result) : null,
    };
}
