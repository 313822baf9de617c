using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Housekeeping.</summary>
internal sealed partial class RedisJobStore
{
    public override async ValueTask<SweepResult> SweepAsync(SweepRequest request, CancellationToken cancellationToken = default)
    {
        var (before, behind) = LostWorkerText();
        var rescued = new List<JobRecord>();
        var more = false;
        var queues = await ReachableQueuesAsync(cancellationToken).ConfigureAwait(false);
        foreach (var queue in queues)
        {
            await ReachAsync([queue], async _ => await RunAsync(JobScripts.Sweep, queue, [Now(), request.MaximumJobs - rescued.Count, before, behind], cancellationToken).ConfigureAwait(false), reply =>
            {
                more |= reply[0].AsInt64() == 1;
                rescued.AddRange(StoredJob.ReadAll(queue, reply[1]).Select(static job => job.Record));
            }).ConfigureAwait(false);
        }

        queues = [.. queues.Where(queue => _outages.Find(queue) is null)];
        var removed = 0;
        foreach (var (state, retention) in ((JobState, JobRetention)[])[(JobState.Completed, request.Completed), (JobState.Cancelled, request.Cancelled), (JobState.Dead, request.Dead)])
        {
            var (count, left) = await RetainAsync(queues, state, retention, request.MaximumJobs, cancellationToken).ConfigureAwait(false);
            removed += count;
            more |= left;
        }

        try
        {
            await TellAndAuditAsync(queues, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (IsLeft(error))
        {
            // A queue that was to be told is away, which claims tell of, or replicas do not confirm, which enqueues do. The messages stay where they are.
        }

        return new SweepResult { Rescued = rescued, Removed = removed, More = more };
    }

    /// <summary>Removes what breaks a bound, longest ended first over all queues. Another process that does the same meanwhile finds what is left.</summary>
    private async ValueTask<(int Removed, bool More)> RetainAsync(IReadOnlyList<string> queues, JobState state, JobRetention retention, int maximum, CancellationToken cancellationToken)
    {
        // Those that break a bound are the oldest, so one look at the very oldest tells whether there are any.
        if (Choose(await EndedAsync(queues, state, 1, cancellationToken).ConfigureAwait(false), retention, maximum).Chosen.Count == 0)
        {
            return (0, false);
        }

        var (chosen, more) = Choose(await EndedAsync(queues, state, maximum + 1, cancellationToken).ConfigureAwait(false), retention, maximum);
        var removed = 0;
        await EachAsync(
            chosen.Select(static job => job.Queue).Distinct(StringComparer.Ordinal),
            queue => RunAsync(JobScripts.Delete, queue, [Now(), (int)state, .. chosen.Where(job => job.Queue == queue).Select(static job => (RedisArgument)job.Id)], cancellationToken),
            reply => removed += reply.Items.Count(static id => id.AsString()!.Length > 0)).ConfigureAwait(false);
        return (removed, more);
    }

    private async ValueTask<(long Total, long Now, List<EndedJob> Oldest)> EndedAsync(IReadOnlyList<string> queues, JobState state, int maximum, CancellationToken cancellationToken)
    {
        var (total, now, oldest) = (0L, 0L, new List<EndedJob>());
        await EachAsync(queues, async queue => (Queue: queue, Reply: await RunAsync(JobScripts.ListEnded, queue, [Now(), (int)state, maximum], cancellationToken).ConfigureAwait(false)), answer =>
        {
            now = Math.Max(now, answer.Reply[0].AsInt64());
            total += answer.Reply[1].AsInt64();
            for (var i = 2; i + 1 < answer.Reply.Count; i += 2)
            {
                oldest.Add(new EndedJob(answer.Queue, (long)answer.Reply[i].AsDouble(), answer.Reply[i + 1].AsString()!));
            }
        }).ConfigureAwait(false);
        return (total, now, [.. oldest.OrderBy(static job => job.EndedAt)]); // stable: a queue's own order is kept
    }

    private static (List<EndedJob> Chosen, bool More) Choose((long Total, long Now, List<EndedJob> Oldest) ended, JobRetention retention, int maximum)
    {
        var chosen = new List<EndedJob>();
        foreach (var job in ended.Oldest)
        {
            if (ended.Total - chosen.Count <= retention.Count && ended.Now - job.EndedAt <= retention.Age.TotalMilliseconds)
            {
                break;
            }

            if (chosen.Count == maximum)
            {
                return (chosen, true);
            }

            chosen.Add(job);
        }

        return (chosen, false);
    }

    private static (string Before, string Behind) LostWorkerText()
    {
        const string Mark = "\u0001";
        return DescribeLostWorker(Mark).Split(Mark) is [var before, var behind] ? (before, behind) : throw new InvalidOperationException("The text names the worker once.");
    }

    private sealed record EndedJob(string Queue, long EndedAt, string Id);
}
