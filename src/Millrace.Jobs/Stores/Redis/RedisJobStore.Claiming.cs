using System.Globalization;
using System.Runtime.InteropServices;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Claims and their ends.</summary>
internal sealed partial class RedisJobStore
{
    public override async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken = default)
    {
        await NameAsync(request.Queues.Select(static queue => queue.Queue), cancellationToken).ConfigureAwait(false);
        var ends = new FinishGroups(request.Finishes);
        var claimed = new List<ClaimedJob>();
        var away = new Dictionary<string, Exception>(StringComparer.Ordinal);
        if (request.Queues.Sum(static queue => (long)queue.Capacity) <= request.MaximumJobs)
        {
            var limits = request.Queues.ToDictionary(static queue => queue.Queue, StringComparer.Ordinal);
            await AskAsync(limits.Keys, queue => limits[queue]).ConfigureAwait(false);
        }
        else
        {
            foreach (var queue in request.Queues)
            {
                // Also when there is no room left: the claim renews the lease.
                await AskAsync([queue.Queue], _ => queue with { Capacity = Math.Min(queue.Capacity, request.MaximumJobs - claimed.Count) }).ConfigureAwait(false);
            }
        }

        await FinishAsync(ends, cancellationToken).ConfigureAwait(false);
        return new ClaimResult(claimed, ends.Results) { Unavailable = away };

        async ValueTask AskAsync(IReadOnlyCollection<string> queues, Func<string, QueueCapacity> limits)
        {
            var failed = await ReachAsync(
                queues,
                async queue =>
                {
                    var finishes = ends.Of(queue);
                    var (jobs, answers) = await ClaimAsync(request, limits(queue), finishes, cancellationToken).ConfigureAwait(false);
                    return (Queue: queue, Jobs: jobs, Answers: await SettleAsync(queue, finishes, answers).ConfigureAwait(false));
                },
                answer =>
                {
                    ends.Answer(answer.Queue, answer.Answers);
                    claimed.AddRange(answer.Jobs);
                }).ConfigureAwait(false);
            foreach (var (queue, error) in failed)
            {
                away[queue] = error;
                ends.LeaveUnanswered(queue);
            }
        }
    }

    public override async ValueTask<IReadOnlyList<FinishResult>> FinishAsync(IReadOnlyList<JobFinish> finishes, CancellationToken cancellationToken = default)
    {
        var ends = new FinishGroups(finishes);
        await FinishAsync(ends, cancellationToken).ConfigureAwait(false);
        return ends.Results;
    }

    private async ValueTask FinishAsync(FinishGroups ends, CancellationToken cancellationToken)
    {
        var away = await ReachAsync(
            ends.Unanswered,
            async queue =>
            {
                var finishes = ends.Of(queue);
                var arguments = new List<RedisArgument>(5 + finishes.Count) { Now() };
                FinishText.Add(arguments, finishes);
                var reply = await RunAsync(JobScripts.Finish, queue, arguments, cancellationToken).ConfigureAwait(false);
                return (Queue: queue, Answers: await SettleAsync(queue, finishes, [.. reply.Items.Select(static item => item.AsInt64())]).ConfigureAwait(false));
            },
            answer => ends.Answer(answer.Queue, answer.Answers)).ConfigureAwait(false);
        foreach (var queue in away.Keys)
        {
            ends.LeaveUnanswered(queue);
        }
    }

    private async ValueTask<(List<ClaimedJob> Jobs, long[] Answers)> ClaimAsync(
        ClaimRequest request, QueueCapacity limits, IReadOnlyList<JobFinish> finishes, CancellationToken cancellationToken)
    {
        var (queue, rate) = (limits.Queue, limits.Rate);
        var arguments = new List<RedisArgument>(14 + finishes.Count)
        {
            Now(), request.Worker.Id, Milliseconds(request.Lease), WorkerText.Write(request.Worker), Math.Max(0, limits.Capacity),
            limits.MaximumRunning is { } most ? most : string.Empty, rate is null ? string.Empty : rate.Kind == JobRateKind.TokenBucket ? "b" : "w",
            rate?.Count ?? 0, rate is null ? 0 : Milliseconds(rate.Period), GroupLimits(limits),
        };
        FinishText.Add(arguments, finishes);
        var reply = await _redis.EvaluateAsync(JobScripts.Claim, ClaimReply.Read, Keys(queue).All, CollectionsMarshal.AsSpan(arguments), cancellationToken).ConfigureAwait(false);
        var jobs = new List<ClaimedJob>(reply.Jobs.Length);
        List<JobFinish>? unreadable = null;
        foreach (var claimed in reply.Jobs)
        {
            try
            {
                jobs.Add(Read(queue, claimed, reply));
            }
            catch (InvalidDataException error)
            {
                // It must not stand in the way of the others: it becomes a dead job that says why.
                (unreadable ??= []).Add(new JobFinish { Run = new JobRun(queue, claimed.Id, reply.Token), Kind = FinishKind.Dead, Error = error.Message });
            }
        }

        if (unreadable is not null)
        {
            await FinishAsync(unreadable, cancellationToken).ConfigureAwait(false);
        }

        return (jobs, reply.Answers);
    }

    /// <summary>The limits of groups, as Scripts/_turns.lua takes them.</summary>
    private static string GroupLimits(QueueCapacity limits) => limits is { GroupMaximumRunning: null, GroupRate: null }
        ? string.Empty
        : string.Create(CultureInfo.InvariantCulture, $"{limits.GroupMaximumRunning},{limits.GroupRate?.Count},{(limits.GroupRate is { } rate ? Milliseconds(rate.Period) : null)}");

    /// <summary>What became of ends, once other queues that they concern have been told.</summary>
    private async ValueTask<FinishResult[]> SettleAsync(string queue, IReadOnlyList<JobFinish> finishes, long[] answers)
    {
        var results = FinishText.Answers(answers, finishes.Count, out var toTell);
        if (toTell)
        {
            await RelayAsync([queue]).ConfigureAwait(false);
        }

        return results;
    }

    private static ClaimedJob Read(string queue, ClaimReply.Claimed claimed, ClaimReply reply)
    {
        var body = JobBody.Read(claimed.Body);
        var (attempt, priority, due) = (1, body.Priority, body.CreatedAt);
        if (claimed.Extra is { } extra)
        {
            var parts = extra.Split(',');
            attempt = int.Parse(parts[0], CultureInfo.InvariantCulture);
            priority = JobLimits.MaximumPriority - int.Parse(parts[1], CultureInfo.InvariantCulture);
            due = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(parts[2], CultureInfo.InvariantCulture));
        }

        return new ClaimedJob
        {
            Id = claimed.Id,
            Queue = queue,
            Type = body.Type,
            Payload = body.Payload,
            Token = reply.Token,
            Attempt = attempt,
            MaxAttempts = body.MaxAttempts,
            Priority = priority,
            Timeout = body.Timeout,
            Tags = body.Tags,
            Metadata = body.Metadata,
            CreatedAt = body.CreatedAt,
            DueAt = due,
            StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(reply.Now),
        };
    }
}
