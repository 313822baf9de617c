using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Schedules. One lies beside its queue, so that a tick and its job are one step.</summary>
internal sealed partial class RedisJobStore
{
    /// <summary>A schedule whose queue changed is removed there before it is added here: for a moment it is nowhere, but it never fires twice.</summary>
    public override async ValueTask UpsertScheduleAsync(ScheduleDefinition schedule, DateTimeOffset? nextAt, CancellationToken cancellationToken = default)
    {
        await NameAsync(schedule.Queue, cancellationToken).ConfigureAwait(false);
        var (count, home) = await FindScheduleAsync(schedule.Name, cancellationToken).ConfigureAwait(false);
        if (home is null && count >= JobLimits.MaximumSchedules)
        {
            throw new InvalidOperationException($"The store holds its limit of {JobLimits.MaximumSchedules} schedules; '{schedule.Name}' was not added. Remove some first.");
        }

        string? times = string.Empty, state = string.Empty;
        if (home is not null && home != schedule.Queue)
        {
            var had = await RunAsync(JobScripts.RemoveSchedule, home, [Now(), schedule.Name], cancellationToken).ConfigureAwait(false);
            (times, state) = had.Count == 2 ? (had[0].AsString(), had[1].AsString()) : (times, state);
        }

        List<RedisArgument> arguments =
            [Now(), schedule.Name, ScheduleText.Write(schedule), ScheduleText.Times(schedule), Tick(nextAt), times ?? string.Empty, state ?? string.Empty];
        await RunAsync(JobScripts.UpsertSchedule, schedule.Queue, arguments, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken = default)
    {
        var removed = false;
        await EachAsync(
            await QueuesAsync(cancellationToken).ConfigureAwait(false),
            queue => RunAsync(JobScripts.RemoveSchedule, queue, [Now(), name], cancellationToken),
            reply => removed |= reply.Count > 0).ConfigureAwait(false);
        return removed;
    }

    public override async ValueTask<bool> SetSchedulePausedAsync(string name, bool paused, DateTimeOffset? nextAt, CancellationToken cancellationToken = default)
    {
        var found = false;
        await EachAsync(
            await QueuesAsync(cancellationToken).ConfigureAwait(false),
            queue => RunAsync(JobScripts.SetSchedulePaused, queue, [Now(), name, paused ? 1 : 0, Tick(nextAt)], cancellationToken),
            reply => found |= reply.AsInt64() == 1).ConfigureAwait(false);
        return found;
    }

    public override async ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(CancellationToken cancellationToken = default)
    {
        var found = new List<ScheduleRecord>();
        await EachAsync(await QueuesAsync(cancellationToken).ConfigureAwait(false), queue => _redis.ExecuteAsync("HGETALL", cancellationToken, Keys(queue).Schedules), reply =>
        {
            var fields = reply.Pairs.ToDictionary(static pair => pair.Key.AsString()!, static pair => pair.Value, StringComparer.Ordinal);
            foreach (var (name, definition) in fields)
            {
                if (!name.Contains('\0') && ScheduleText.Read(definition.AsBytes(), fields.GetValueOrDefault(name + "\0s")?.AsString()) is { } schedule)
                {
                    found.Add(schedule);
                }
            }
        }).ConfigureAwait(false);
        found.Sort(static (a, b) => string.CompareOrdinal(a.Definition.Name, b.Definition.Name));
        return found;
    }

    public override async ValueTask<DueSchedules> GetDueSchedulesAsync(int maximum, CancellationToken cancellationToken = default)
    {
        var (now, due, next) = (0L, new List<ScheduleRecord>(), new List<DateTimeOffset>());
        var someAway = _outages.Any;
        var queues = await ReachableQueuesAsync(cancellationToken).ConfigureAwait(false);
        var away = await ReachAsync(queues, queue => RunAsync(JobScripts.GetDueSchedules, queue, [Now(), maximum], cancellationToken), reply =>
        {
            now = Math.Max(now, reply[0].AsInt64());
            if (reply[1].AsInt64() is >= 0 and var tick)
            {
                next.Add(DateTimeOffset.FromUnixTimeMilliseconds(tick));
            }

            for (var i = 2; i + 2 < reply.Count; i += 3)
            {
                if (ScheduleText.Read(reply[i + 1].AsBytes(), reply[i + 2].AsString()) is { } schedule)
                {
                    due.Add(schedule);
                }
            }
        }).ConfigureAwait(false);
        var ordered = due.OrderBy(static schedule => schedule.NextAt).ThenBy(static schedule => schedule.Definition.Name, StringComparer.Ordinal).ToList();
        next.AddRange(ordered.Skip(maximum).Select(static schedule => schedule.NextAt!.Value));
        var time = DateTimeOffset.FromUnixTimeMilliseconds(now > 0 ? now : await NowAsync(cancellationToken).ConfigureAwait(false));
        if (someAway || away.Count > 0)
        {
            next.Add(time + QueueOutages.LongestPause); // nobody knows what falls due there; by then it may be back
        }

        return new DueSchedules(time, [.. ordered.Take(maximum)], next.Count == 0 ? null : next.Min());
    }

    public override async ValueTask<FireStatus> FireScheduleAsync(FireRequest request, CancellationToken cancellationToken = default)
    {
        await NameAsync(request.Job.Queue, cancellationToken).ConfigureAwait(false);
        List<RedisArgument> arguments = [Now(), request.Name, Tick(request.Tick), Tick(request.NextAt), request.MaximumQueueLength, request.PassOver ? 1 : 0];
        EnqueueText.AddJob(arguments, request.Job, JobBody.Write(request.Job));
        return (FireStatus)(await RunAsync(JobScripts.FireSchedule, request.Job.Queue, arguments, cancellationToken).ConfigureAwait(false)).AsInt64();
    }

    /// <summary>How many schedules there are, and in which queue the one of this name is; null when there is none.</summary>
    private async ValueTask<(long Count, string? Home)> FindScheduleAsync(string name, CancellationToken cancellationToken)
    {
        var (count, home) = (0L, (string?)null);
        await EachAsync(
            await QueuesAsync(cancellationToken).ConfigureAwait(false),
            async queue => (
                Queue: queue,
                Length: await _redis.ExecuteAsync("HLEN", cancellationToken, Keys(queue).Schedules).ConfigureAwait(false),
                Exists: await _redis.ExecuteAsync("HEXISTS", cancellationToken, Keys(queue).Schedules, name).ConfigureAwait(false)),
            answer =>
            {
                count += answer.Length.AsInt64() / 3;
                home = answer.Exists.AsBoolean() ? answer.Queue : home;
            }).ConfigureAwait(false);
        return (count, home);
    }

    private static long Tick(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() ?? -1;

    /// <summary>The store's clock where no script tells it.</summary>
    private async ValueTask<long> NowAsync(CancellationToken cancellationToken) =>
        (_serverClock ? await _redis.TimeAsync(cancellationToken).ConfigureAwait(false) : _clock.GetUtcNow()).ToUnixTimeMilliseconds();
}
