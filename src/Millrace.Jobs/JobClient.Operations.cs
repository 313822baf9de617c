using System.Text.Json;

namespace Millrace.Jobs;

/// <summary>What concerns many jobs, and waiting for one.</summary>
public sealed partial class JobClient
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);

    /// <summary>Puts all dead jobs that a query finds back in line, page by page; ones that die meanwhile may be among them.</summary>
    /// <param name="query">The filters; the state may be left out or dead. Page size and cursor do not matter.</param>
    /// <param name="priorityRaise">As for <see cref="RetryAsync(string, int, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Stops between two pages; what was done stays done.</param>
    /// <returns>How many were put back.</returns>
    /// <exception cref="ArgumentException">The query asks for another state.</exception>
    public ValueTask<int> RetryAllAsync(JobQuery query, int priorityRaise = 10, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.State is not (null or JobState.Dead))
        {
            throw new ArgumentException($"Only dead jobs can be retried; the query asks for {query.State} ones.", nameof(query));
        }

        return EachPageAsync(query with { State = JobState.Dead }, async ids => (await RetryAsync(ids, priorityRaise, cancellationToken).ConfigureAwait(false)).Count, cancellationToken);
    }

    /// <summary>Removes all jobs that a query finds and that are not running, page by page.</summary>
    /// <param name="query">The filters. Page size and cursor do not matter.</param>
    /// <param name="cancellationToken">Stops between two pages; what was done stays done.</param>
    /// <returns>How many were removed.</returns>
    public ValueTask<int> DeleteAllAsync(JobQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return EachPageAsync(query, async ids => (await DeleteAsync(ids, cancellationToken).ConfigureAwait(false)).Count, cancellationToken);
    }

    /// <summary>Cancels all jobs that a query finds, page by page: pending ones at once, running ones are asked to stop.</summary>
    /// <param name="query">The filters. Page size and cursor do not matter.</param>
    /// <param name="cancellationToken">Stops between two jobs; what was done stays done.</param>
    /// <returns>How many were cancelled or asked to stop.</returns>
    public ValueTask<int> CancelAllAsync(JobQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return EachPageAsync(
            query,
            async ids =>
            {
                var cancelled = 0;
                foreach (var id in ids)
                {
                    cancelled += await CancelAsync(id, cancellationToken).ConfigureAwait(false) is CancelStatus.Cancelled or CancelStatus.Requested ? 1 : 0;
                }

                return cancelled;
            },
            cancellationToken);
    }

    /// <summary>Removes all pending jobs of a queue: those that wait, are delayed, or wait for another attempt or for other jobs. Jobs that run, and ended ones, stay.</summary>
    /// <returns>How many were removed.</returns>
    public async ValueTask<int> DrainQueueAsync(string queue, CancellationToken cancellationToken = default)
    {
        JobValidation.Name(queue, "queue");
        return await DeleteAllAsync(new JobQuery { Queue = queue, State = JobState.Waiting }, cancellationToken).ConfigureAwait(false)
            + await DeleteAllAsync(new JobQuery { Queue = queue, State = JobState.Scheduled }, cancellationToken).ConfigureAwait(false)
            + await DeleteAllAsync(new JobQuery { Queue = queue, State = JobState.Blocked }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes everything that a queue holds, except what runs: that is asked to stop. The queue is left paused, so that nothing is started meanwhile;
    /// call it again once nothing runs, to remove the rest.</summary>
    /// <returns>How many jobs were removed.</returns>
    public async ValueTask<int> ObliterateQueueAsync(string queue, CancellationToken cancellationToken = default)
    {
        await PauseQueueAsync(queue, cancellationToken).ConfigureAwait(false);
        await CancelAllAsync(new JobQuery { Queue = queue, State = JobState.Running }, cancellationToken).ConfigureAwait(false);
        return await DeleteAllAsync(new JobQuery { Queue = queue }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until a job has reached a terminal state, wherever it runs: looks after 10 ms, then at growing intervals of at most a second.</summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Gives up waiting; the job is not affected.</param>
    /// <returns>The job as it ended; null when the store does not hold it, or no longer: completed jobs are not kept for ever, see
    /// <see cref="JobsOptions.CompletedRetention"/>.</returns>
    public async Task<JobRecord?> WaitForEndAsync(string id, CancellationToken cancellationToken = default)
    {
        for (var look = FirstLook; ; look = look * 2 < LongestLook ? look * 2 : LongestLook)
        {
            var job = await GetAsync(id, cancellationToken).ConfigureAwait(false);
            if (job?.State is null or JobState.Completed or JobState.Dead or JobState.Cancelled)
            {
                return job;
            }

            await Task.Delay(look, _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What a job has logged (<see cref="JobContext.LogAsync"/>), oldest first: the last 100 lines; none when the store does not hold the job.</summary>
    public ValueTask<IReadOnlyList<JobLogLine>> GetLogAsync(string id, CancellationToken cancellationToken = default) => _store.GetLogAsync(JobValidation.Id(id), cancellationToken);

    /// <summary>The result of a completed job.</summary>
    /// <typeparam name="TResult">What the handler gave as its result.</typeparam>
    /// <returns>The result; the default when the store does not hold the job, when it has not completed, or when it gave none.</returns>
    /// <exception cref="JsonException">The result is something else.</exception>
    /// <exception cref="InvalidDataException">The result is encrypted and cannot be read.</exception>
    public async ValueTask<TResult?> GetResultAsync<TResult>(string id, CancellationToken cancellationToken = default) =>
        await GetAsync(id, cancellationToken).ConfigureAwait(false) is { Result: { } result } ? JsonSerializer.Deserialize<TResult>(_coding.DecodeResult(result).Span, _options.Json) : default;

    private async ValueTask<int> EachPageAsync(JobQuery query, Func<IReadOnlyCollection<string>, ValueTask<int>> change, CancellationToken cancellationToken)
    {
        var changed = 0;
        query = query with { PageSize = JobLimits.MaximumPageSize, Cursor = null };
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = await _store.ListAsync(query, cancellationToken).ConfigureAwait(false);
            if (page.Jobs.Count > 0)
            {
                changed += await change([.. page.Jobs.Select(static job => job.Id)]).ConfigureAwait(false);
            }

            query = query with { Cursor = page.Next };
        }
        while (query.Cursor is not null);
        return changed;
    }
}
