using Millrace.Jobs;

namespace Millrace.TestKit.Jobs;

/// <summary>A store that fails when told to: <paramref name="choose"/> is asked before each call, by the name of the operation (<c>Claim</c>, <c>Finish</c>, …).</summary>
public sealed class FaultingJobStore(JobStore inner, Func<string, StoreFault> choose) : JobStore
{
    /// <summary>Awaited before each call, by the name of the operation; so a test can hold one up.</summary>
    public Func<string, Task> Before { get; init; } = static _ => Task.CompletedTask;

    /// <summary>Awaited after each call that succeeded, by the name of the operation, before the caller learns of it.</summary>
    public Func<string, Task> After { get; init; } = static _ => Task.CompletedTask;

    /// <inheritdoc />
    public override string Name => inner.Name;

    /// <inheritdoc />
    public override ValueTask<EnqueueOutcome> EnqueueAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) =>
        CallAsync("Enqueue", () => inner.EnqueueAsync(jobs, maximumQueueLength, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<EnqueueOutcome> EnqueueFlowAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) =>
        CallAsync("EnqueueFlow", () => inner.EnqueueFlowAsync(jobs, maximumQueueLength, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<JobLinks?> GetLinksAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync("GetLinks", () => inner.GetLinksAsync(id, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken = default) =>
        CallAsync("Claim", () => inner.ClaimAsync(request, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<FinishResult>> FinishAsync(IReadOnlyList<JobFinish> finishes, CancellationToken cancellationToken = default) =>
        CallAsync("Finish", () => inner.FinishAsync(finishes, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<HeartbeatResult> HeartbeatAsync(HeartbeatRequest request, CancellationToken cancellationToken = default) =>
        CallAsync("Heartbeat", () => inner.HeartbeatAsync(request, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override async ValueTask LeaveAsync(string workerId, CancellationToken cancellationToken = default) =>
        await CallAsync("Leave", async () => { await inner.LeaveAsync(workerId, cancellationToken); return 0; }, cancellationToken);

    /// <inheritdoc />
    public override ValueTask<bool> ReportProgressAsync(JobRun run, int percent, string? message, CancellationToken cancellationToken = default) =>
        CallAsync("ReportProgress", () => inner.ReportProgressAsync(run, percent, message, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<bool> AppendLogAsync(JobRun run, string text, CancellationToken cancellationToken = default) =>
        CallAsync("AppendLog", () => inner.AppendLogAsync(run, text, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<JobLogLine>> GetLogAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync("GetLog", () => inner.GetLogAsync(id, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<SweepResult> SweepAsync(SweepRequest request, CancellationToken cancellationToken = default) =>
        CallAsync("Sweep", () => inner.SweepAsync(request, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<CancelStatus> CancelAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync("Cancel", () => inner.CancelAsync(id, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<string>> ReplayAsync(IReadOnlyList<string> ids, int priorityRaise, CancellationToken cancellationToken = default) =>
        CallAsync("Replay", () => inner.ReplayAsync(ids, priorityRaise, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<string>> DeleteAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken = default) =>
        CallAsync("Delete", () => inner.DeleteAsync(ids, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override async ValueTask SetQueuePausedAsync(string queue, bool paused, CancellationToken cancellationToken = default) =>
        await CallAsync("SetQueuePaused", async () => { await inner.SetQueuePausedAsync(queue, paused, cancellationToken); return 0; }, cancellationToken);

    /// <inheritdoc />
    public override ValueTask<JobRecord?> GetAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync("Get", () => inner.GetAsync(id, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken = default) =>
        CallAsync("List", () => inner.ListAsync(query, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken = default) =>
        CallAsync("GetQueues", () => inner.GetQueuesAsync(cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<WorkerRecord>> GetWorkersAsync(CancellationToken cancellationToken = default) =>
        CallAsync("GetWorkers", () => inner.GetWorkersAsync(cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override async ValueTask WaitForWorkAsync(IReadOnlyCollection<string> queues, DateTimeOffset until, CancellationToken cancellationToken = default) =>
        await CallAsync("WaitForWork", async () => { await inner.WaitForWorkAsync(queues, until, cancellationToken); return 0; }, cancellationToken);

    /// <inheritdoc />
    public override async ValueTask UpsertScheduleAsync(ScheduleDefinition schedule, DateTimeOffset? nextAt, CancellationToken cancellationToken = default) =>
        await CallAsync("UpsertSchedule", async () => { await inner.UpsertScheduleAsync(schedule, nextAt, cancellationToken); return 0; }, cancellationToken);

    /// <inheritdoc />
    public override ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken = default) =>
        CallAsync("RemoveSchedule", () => inner.RemoveScheduleAsync(name, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<bool> SetSchedulePausedAsync(string name, bool paused, DateTimeOffset? nextAt, CancellationToken cancellationToken = default) =>
        CallAsync("SetSchedulePaused", () => inner.SetSchedulePausedAsync(name, paused, nextAt, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(CancellationToken cancellationToken = default) =>
        CallAsync("GetSchedules", () => inner.GetSchedulesAsync(cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<DueSchedules> GetDueSchedulesAsync(int maximum, CancellationToken cancellationToken = default) =>
        CallAsync("GetDueSchedules", () => inner.GetDueSchedulesAsync(maximum, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<FireStatus> FireScheduleAsync(FireRequest request, CancellationToken cancellationToken = default) =>
        CallAsync("FireSchedule", () => inner.FireScheduleAsync(request, cancellationToken), cancellationToken);

    /// <summary>Leaves the inner store open: it may be shared.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<T> CallAsync<T>(string operation, Func<ValueTask<T>> call, CancellationToken cancellationToken)
    {
        await Before(operation);
        var fault = choose(operation);
        switch (fault)
        {
            case StoreFault.Before:
                throw new IOException($"{operation} failed before it began.");
            case StoreFault.After:
                await call();
                throw new IOException($"{operation} was done, but its answer was lost.");
            case StoreFault.Hang:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                break;
            case StoreFault.HangThenFail or StoreFault.HangThenAnswer:
                var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await using (cancellationToken.Register(cancelled.SetResult))
                {
                    await cancelled.Task;
                }

                return fault == StoreFault.HangThenAnswer ? await call() : throw new IOException($"{operation} failed when it was given up.");
        }

        var answer = await call();
        await After(operation);
        return answer;
    }
}
