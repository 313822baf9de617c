using System.Collections.ObjectModel;
using System.Text;
using Millrace.Jobs;
using Millrace.Jobs.Stores.Memory;
using Xunit;

namespace Millrace.TestKit.Jobs;

/// <summary>Does the same random operations to a store and to the memory store, and compares every answer and the whole contents. A failure
/// names the seed and the last operations.</summary>
internal sealed class JobStoreModel(JobStore subject, MemoryJobStore oracle, FakeClock clock, int seed, bool hasGuards)
{
    private static readonly string[] Queues = ["a", "b", "c"];
    private static readonly string[] Workers = ["w0", "w1", "w2"];
    private static readonly string[] Schedules = ["s0", "s1"];

    private readonly Random _random = new(seed);
    private readonly List<string> _ids = [];
    private readonly List<Held> _held = []; // every claim ever made, newest last
    private readonly List<string> _log = [];

    /// <summary>Claims so far.</summary>
    public int Claimed => _held.Count;

    /// <summary>One random operation on both.</summary>
    public Task StepAsync() => _random.Next(24) switch
    {
        < 4 => EnqueueAsync(),
        > 21 when hasGuards => EnqueueFlowAsync(),
        < 8 => ClaimAsync(),
        < 12 => FinishAsync(),
        12 => HeartbeatAsync(),
        13 => ProgressAsync(),
        14 => CancelAsync(),
        15 => ReplayOrDeleteAsync(),
        16 => PauseAsync(),
        17 => SweepAsync(),
        18 => LeaveOrSweepAsync(),
        19 => ScheduleAsync(),
        20 => FireAsync(),
        _ => AdvanceAsync(),
    };

    /// <summary>Compares all jobs, counts, schedules and workers.</summary>
    public async Task CompareAsync()
    {
        Same(await AllAsync(subject), await AllAsync(oracle), "jobs");
        foreach (var id in _ids.TakeLast(hasGuards ? 30 : 0))
        {
            Same(Describe(await subject.GetLinksAsync(id)), Describe(await oracle.GetLinksAsync(id)), $"links of {id}");
        }

        Same((await subject.GetQueuesAsync()).Select(Describe), (await oracle.GetQueuesAsync()).Select(Describe), "queues");
        Same((await subject.GetSchedulesAsync()).Select(Describe), (await oracle.GetSchedulesAsync()).Select(Describe), "schedules");
        Same((await subject.GetWorkersAsync()).Select(Describe), (await oracle.GetWorkersAsync()).Select(Describe), "workers");
    }

    private async Task EnqueueAsync()
    {
        var jobs = new List<NewJob>();
        var queue = Pick(Queues);
        for (var count = _random.Next(1, 5); count > 0; count--)
        {
            // An id belongs to one queue: one that comes again comes again there.
            var known = _ids.Where(id => id.EndsWith(queue, StringComparison.Ordinal)).ToList();
            var again = known.Count > 0 && _random.Next(8) == 0;
            var id = again ? Pick(known) : $"j{_ids.Count}{queue}";
            jobs.Add(new NewJob
            {
                Id = id,
                Queue = queue,
                Type = _random.Next(2) == 0 ? "x" : "y",
                Payload = Encoding.UTF8.GetBytes($"\"{id}\""),
                Priority = _random.Next(-1, 2),
                MaxAttempts = _random.Next(1, 4),
                Delay = _random.Next(3) == 0 ? TimeSpan.FromMilliseconds(_random.Next(5_000)) : null,
                Tags = _random.Next(2) == 0 ? [] : ["t"],
                Unique = !hasGuards || _random.Next(4) > 0 ? null : RandomUniqueness(),
                Metadata = _random.Next(2) == 0 ? ReadOnlyDictionary<string, string>.Empty : new Dictionary<string, string> { ["m"] = id },
            });
            if (!again)
            {
                _ids.Add(id);
            }
        }

        var limit = _random.Next(4) == 0 ? 5 : 1_000;
        Log($"enqueue {string.Join(",", jobs.Select(static job => $"{job.Id}@{job.Queue}p{job.Priority}d{job.Delay?.TotalMilliseconds}{job.Unique}"))} limit {limit}");
        var mine = await subject.EnqueueAsync(jobs, limit);
        var right = await oracle.EnqueueAsync(jobs, limit);
        Same([$"{mine.FullQueue} {string.Join(",", mine.Existing)} {Describe(mine.Holders)}"], [$"{right.FullQueue} {string.Join(",", right.Existing)} {Describe(right.Holders)}"], "enqueue");
    }

    /// <summary>Jobs of several queues, some of which wait for others: of the flow, stored before, or never.</summary>
    private async Task EnqueueFlowAsync()
    {
        var jobs = new List<NewJob>();
        for (var count = _random.Next(1, 6); count > 0; count--)
        {
            var queue = Pick(Queues);
            var id = $"j{_ids.Count}{queue}";
            List<string> before = [];
            while (_ids.Count > 0 && before.Count < 4 && _random.Next(3) > 0)
            {
                before.Add(_random.Next(20) == 0 ? $"nobody{Pick(Queues)}" : _random.Next(2) == 0 ? _ids[^_random.Next(1, Math.Min(_ids.Count, 8) + 1)] : Pick(_ids));
            }

            jobs.Add(new NewJob
            {
                Id = id,
                Queue = queue,
                Type = "x",
                Payload = Encoding.UTF8.GetBytes($"\"{id}\""),
                Priority = _random.Next(-1, 2),
                MaxAttempts = _random.Next(1, 3),
                Delay = _random.Next(4) == 0 ? TimeSpan.FromMilliseconds(_random.Next(5_000)) : null,
                Tags = _random.Next(4) == 0 ? ["t"] : [],
                After = [.. before.Distinct().Select(static other => new JobAddress(other[^1..], other))],
                Condition = (JobCondition)_random.Next(4),
            });
            _ids.Add(id);
        }

        var limit = _random.Next(6) == 0 ? 5 : 1_000;
        Log($"flow {string.Join("; ", jobs.Select(static job => $"{job.Id} d{job.Delay?.TotalMilliseconds} after {string.Join(",", job.After.Select(static other => other.Id))} {job.Condition}"))} limit {limit}");
        var mine = await subject.EnqueueFlowAsync(jobs, limit);
        var right = await oracle.EnqueueFlowAsync(jobs, limit);
        Same([$"{mine.FullQueue} {string.Join(",", mine.Existing)}"], [$"{right.FullQueue} {string.Join(",", right.Existing)}"], "flow");
        if (_random.Next(2) == 0)
        {
            Same([.. (await subject.EnqueueFlowAsync(jobs, 1_000)).Existing], [.. (await oracle.EnqueueFlowAsync(jobs, 1_000)).Existing], "flow again");
        }
    }

    private async Task ClaimAsync()
    {
        // Of all queues: a store that keeps leases by queue renews them all then, as one that does not.
        var queues = Queues.OrderBy(_ => _random.Next()).Select(queue => Limited(queue, _random.Next(1, 4))).ToList();
        var request = new ClaimRequest { Worker = Worker(Pick(Workers)), Lease = TimeSpan.FromSeconds(10), Queues = queues, MaximumJobs = _random.Next(1, 6) };
        var (chosen, kinds) = _random.Next(2) == 0 ? ([], []) : ChooseFinishes();
        foreach (var held in chosen)
        {
            // Whether a claim gets what an end that it carries makes ready in another queue is the store's affair.
            if ((await oracle.GetLinksAsync(held.Oracle.Id))?.Before.Count > 0)
            {
                (chosen, kinds) = ([], []);
                break;
            }
        }

        Log($"claim {request.Worker.Id} finishing {Describe(chosen, kinds)} {string.Join(",", queues.Select(static queue => $"{queue.Queue}:{queue.Capacity}"))} max {request.MaximumJobs}");
        var mine = await subject.ClaimAsync(request with { Finishes = [.. chosen.Zip(kinds, static (held, kind) => Finish(held.Subject, kind))] });
        var right = await oracle.ClaimAsync(request with { Finishes = [.. chosen.Zip(kinds, static (held, kind) => Finish(held.Oracle, kind))] });
        Same(mine.Finished.Select(Describe), right.Finished.Select(Describe), "finish with claim");
        Same(mine.Jobs.Select(Describe), right.Jobs.Select(Describe), "claim");
        _held.AddRange(mine.Jobs.Zip(right.Jobs, (a, b) => new Held(request.Worker.Id, new(a.Queue, a.Id, a.Token), new(b.Queue, b.Id, b.Token))));
    }

    /// <summary>The second queue runs two at once; the third starts a few in a while, counted as the seed says.</summary>
    private QueueCapacity Limited(string queue, int capacity) => new(queue, capacity)
    {
        MaximumRunning = hasGuards && queue == "b" ? 2 : null,
        Rate = hasGuards && queue == "c" ? new JobRate { Count = 5, Period = TimeSpan.FromMilliseconds(3_001), Kind = (JobRateKind)(seed % 2) } : null,
    };

    private JobUniqueness RandomUniqueness()
    {
        var until = (UniqueUntil)_random.Next(3);
        return new JobUniqueness { Key = $"u:{_random.Next(3)}", Until = until, Period = until == UniqueUntil.Elapsed ? TimeSpan.FromMilliseconds(_random.Next(1, 5_000)) : default, Replace = _random.Next(2) == 0 };
    }

    private async Task FinishAsync()
    {
        if (_held.Count == 0)
        {
            return;
        }

        var (chosen, kinds) = ChooseFinishes();
        Log($"finish {Describe(chosen, kinds)}");
        var mine = await subject.FinishAsync([.. chosen.Zip(kinds, static (held, kind) => Finish(held.Subject, kind))]);
        var right = await oracle.FinishAsync([.. chosen.Zip(kinds, static (held, kind) => Finish(held.Oracle, kind))]);
        Same(mine.Select(Describe), right.Select(Describe), "finish");
    }

    /// <summary>Mostly recent claims, some of them long over: stale and repeated finishes are part of the play.</summary>
    private (List<Held> Chosen, List<JobFinish> Kinds) ChooseFinishes()
    {
        var chosen = _held.Count == 0 ? [] : Enumerable.Range(0, _random.Next(1, 4)).Select(_ => _held[^_random.Next(1, Math.Min(_held.Count, 12) + 1)]).ToList();
        return (chosen, chosen.ConvertAll(held => RandomFinish(held.Subject)));
    }

    private JobFinish RandomFinish(JobRun run)
    {
        var kind = (FinishKind)_random.Next(6);
        return new JobFinish
        {
            Run = run,
            Kind = kind,
            Delay = TimeSpan.FromMilliseconds(_random.Next(3_000)),
            Error = kind is FinishKind.Retry or FinishKind.Dead ? "boom" : null,
            Result = kind == FinishKind.Completed ? "12"u8.ToArray() : null,
            Remove = kind == FinishKind.Completed && _random.Next(3) == 0,
        };
    }

    private async Task HeartbeatAsync()
    {
        var worker = Pick(Workers);
        var runs = _held.Where(held => held.Worker == worker).TakeLast(10).Where(_ => _random.Next(5) > 0).ToList();
        Log($"heartbeat {worker} {string.Join(",", runs.Select(static held => $"{held.Subject.Id}#{held.Oracle.Token}"))}");
        var mine = await subject.HeartbeatAsync(new HeartbeatRequest { Worker = Worker(worker), Lease = TimeSpan.FromSeconds(10), Runs = [.. runs.Select(static held => held.Subject)] });
        var right = await oracle.HeartbeatAsync(new HeartbeatRequest { Worker = Worker(worker), Lease = TimeSpan.FromSeconds(10), Runs = [.. runs.Select(static held => held.Oracle)] });
        Same(Ids(mine.Lost), Ids(right.Lost), "lost");
        Same(Ids(mine.CancelRequested), Ids(right.CancelRequested), "cancel requested");
    }

    private async Task ProgressAsync()
    {
        if (_held.Count > 0)
        {
            var held = Pick(_held);
            var percent = _random.Next(101);
            Log($"progress {held.Subject.Id}#{held.Oracle.Token} {percent}");
            Same([$"{await subject.ReportProgressAsync(held.Subject, percent, "m")}"], [$"{await oracle.ReportProgressAsync(held.Oracle, percent, "m")}"], "progress");
        }
    }

    private async Task CancelAsync()
    {
        if (_ids.Count > 0)
        {
            var id = Pick(_ids);
            Log($"cancel {id}");
            Same([$"{await subject.CancelAsync(id)}"], [$"{await oracle.CancelAsync(id)}"], "cancel");
        }
    }

    private async Task ReplayOrDeleteAsync()
    {
        if (_ids.Count > 0)
        {
            var ids = Enumerable.Range(0, 5).Select(_ => Pick(_ids)).Distinct().ToList();
            var replay = _random.Next(3) > 0;
            Log($"{(replay ? "replay" : "delete")} {string.Join(",", ids)}");
            Same(
                replay ? await subject.ReplayAsync(ids, 1) : await subject.DeleteAsync(ids),
                replay ? await oracle.ReplayAsync(ids, 1) : await oracle.DeleteAsync(ids),
                "replay or delete");
        }
    }

    private async Task PauseAsync()
    {
        var (queue, paused) = (Pick(Queues), _random.Next(3) == 0);
        Log($"pause {queue} {paused}");
        await subject.SetQueuePausedAsync(queue, paused);
        await oracle.SetQueuePausedAsync(queue, paused);
    }

    private async Task LeaveOrSweepAsync()
    {
        if (_random.Next(3) > 0)
        {
            await SweepAsync();
            return;
        }

        var worker = Pick(Workers);
        Log($"leave {worker}");
        await subject.LeaveAsync(worker);
        await oracle.LeaveAsync(worker);
    }

    private async Task SweepAsync()
    {
        var request = new SweepRequest
        {
            // All or none by count: which of those goes first that ended in the same millisecond is the store's affair.
            Completed = new(TimeSpan.FromSeconds(_random.Next(60)), _random.Next(8) == 0 ? 0 : 1_000),
            Cancelled = new(TimeSpan.FromSeconds(_random.Next(60)), _random.Next(8) == 0 ? 0 : 1_000),
            Dead = new(TimeSpan.FromSeconds(_random.Next(90)), _random.Next(8) == 0 ? 0 : 1_000),
            MaximumJobs = _random.Next(1, 8),
        };
        Log($"sweep {request}");
        // Until there is no more: which of several queues' jobs a bounded sweep takes first is the store's affair.
        Same(await SweepAllAsync(subject, request), await SweepAllAsync(oracle, request), "sweep");
    }

    private async Task<List<string>> SweepAllAsync(JobStore store, SweepRequest request)
    {
        var told = new List<string>();
        var removed = 0;
        for (var more = true; more;)
        {
            var result = await store.SweepAsync(request);
            Assert.InRange(result.Rescued.Count, 0, request.MaximumJobs);
            told.AddRange(result.Rescued.Select(Describe));
            (removed, more) = (removed + result.Removed, result.More);
        }

        told.Sort(StringComparer.Ordinal);
        told.Add($"{removed} removed");
        return told;
    }

    private async Task ScheduleAsync()
    {
        var name = Pick(Schedules);
        var next = clock.GetUtcNow() + TimeSpan.FromSeconds(_random.Next(10));
        var action = _random.Next(4);
        Log($"schedule {name} {action} next {next:HH:mm:ss}");
        if (action < 2)
        {
            var definition = new ScheduleDefinition { Name = name, Cron = _random.Next(2) == 0 ? "* * * * *" : "0 * * * *", TimeZone = "UTC", Queue = Pick(Queues), Type = "x", Payload = "1"u8.ToArray(), MaximumRuns = _random.Next(3) == 0 ? 7 : null };
            await subject.UpsertScheduleAsync(definition, next);
            await oracle.UpsertScheduleAsync(definition, next);
        }
        else if (action == 2)
        {
            var paused = _random.Next(2) == 0;
            Same([$"{await subject.SetSchedulePausedAsync(name, paused, next)}"], [$"{await oracle.SetSchedulePausedAsync(name, paused, next)}"], "pause schedule");
        }
        else if (_random.Next(3) == 0)
        {
            Same([$"{await subject.RemoveScheduleAsync(name)}"], [$"{await oracle.RemoveScheduleAsync(name)}"], "remove schedule");
        }
    }

    private async Task FireAsync()
    {
        var mine = await subject.GetDueSchedulesAsync(1);
        var right = await oracle.GetDueSchedulesAsync(1);
        Same([.. mine.Due.Select(Describe), $"{mine.Now:O} {mine.NextAt:O}"], [.. right.Due.Select(Describe), $"{right.Now:O} {right.NextAt:O}"], "due schedules");
        if (right.Due.Count == 0)
        {
            return;
        }

        var schedule = right.Due[0];
        var id = $"j{_ids.Count}{schedule.Definition.Queue}";
        _ids.Add(id);
        var job = new NewJob { Id = id, Queue = schedule.Definition.Queue, Type = "x", Payload = "1"u8.ToArray(), Schedule = schedule.Definition.Name };
        var request = new FireRequest { Name = schedule.Definition.Name, Tick = schedule.NextAt!.Value, NextAt = right.Now.AddSeconds(_random.Next(1, 10)), PassOver = _random.Next(4) == 0, Job = job, MaximumQueueLength = _random.Next(2) == 0 ? 3 : 1_000 };
        Log($"fire {request.Name} as {id} limit {request.MaximumQueueLength}");
        Same([$"{await subject.FireScheduleAsync(request)}"], [$"{await oracle.FireScheduleAsync(request)}"], "fire");
        Same([$"{await subject.FireScheduleAsync(request)}"], [$"{await oracle.FireScheduleAsync(request)}"], "fire again");
    }

    private Task AdvanceAsync()
    {
        var by = TimeSpan.FromMilliseconds(_random.Next(6_000));
        Log($"advance {by.TotalMilliseconds}");
        clock.Advance(by);
        return Task.CompletedTask;
    }

    private async Task<List<string>> AllAsync(JobStore store)
    {
        var all = new List<string>();
        // As a set: stores may turn scheduled jobs into waiting ones at different times. The order is the conformance suite's.
        var query = new JobQuery { PageSize = 7 };
        do
        {
            var page = await store.ListAsync(query);
            all.AddRange(page.Jobs.Select(Describe));
            query = query with { Cursor = page.Next };
        }
        while (query.Cursor is not null);
        all.Sort(StringComparer.Ordinal);
        return all;
    }

    /// <summary>A scheduled job that is due counts as waiting: when a store turns the one into the other is its own affair.</summary>
    private string Describe(JobRecord job) =>
        $"{job.Id} {job.Queue} {job.Type} {(job.State == JobState.Scheduled && job.DueAt <= clock.GetUtcNow() ? JobState.Waiting : job.State)} p{job.Priority} {job.Attempt}/{job.MaxAttempts} "
        + $"created {job.CreatedAt:O} due {job.DueAt:O} started {job.StartedAt:O} finished {job.FinishedAt:O} worker {job.WorkerId} cancel {job.CancelRequested} "
        + $"error {Describe(job.Error)} result {job.Result?.Length} progress {job.ProgressPercent} {job.ProgressMessage} tags {string.Join(",", job.Tags)} unique {job.UniqueKey} schedule {job.Schedule} payload {job.Payload.Length} metadata {Describe(job.Metadata)}";

    /// <summary>Of several that took a job along in one step, stores may name either.</summary>
    private static string? Describe(string? error) => error?.StartsWith("The job '", StringComparison.Ordinal) == true ? "one that it waited for" : error;

    private static string Describe(IReadOnlyDictionary<string, string> metadata) => string.Join(",", metadata.OrderBy(static entry => entry.Key, StringComparer.Ordinal).Select(static entry => $"{entry.Key}={entry.Value}"));

    /// <summary>What a job waits for; of those that wait for it some may be gone, which stores forget at different times.</summary>
    private static IEnumerable<string> Describe(JobLinks? links) => links is null ? ["none"]
        : [links.Condition.ToString(), .. links.After.Select(static link => $"{link.Job} {link.Ended} {(link.Result is { } result ? Encoding.UTF8.GetString(result.Span) : "")} {link.ResultOmitted}")];

    private static string Describe(ClaimedJob job) =>
        $"{job.Id} {job.Queue} {job.Type} p{job.Priority} {job.Attempt}/{job.MaxAttempts} created {job.CreatedAt:O} due {job.DueAt:O} started {job.StartedAt:O} tags {string.Join(",", job.Tags)} payload {job.Payload.Length} metadata {Describe(job.Metadata)}";

    private static string Describe(QueueStatus queue) =>
        $"{queue.Name} paused {queue.Paused} pending {queue.Waiting + queue.Delayed + queue.Retrying} blocked {queue.Blocked} running {queue.Running} completed {queue.Completed} dead {queue.Dead} cancelled {queue.Cancelled}";

    private static string Describe(ScheduleRecord schedule) =>
        $"{schedule.Definition.Name} {schedule.Definition.Cron} {schedule.Definition.Queue} next {schedule.NextAt:O} last {schedule.LastAt:O} {schedule.LastJobId} paused {schedule.Paused} runs {schedule.Runs} of {schedule.Definition.MaximumRuns}";

    private static string Describe(WorkerRecord worker) =>
        $"{worker.Identity.Id} started {worker.StartedAt:O} seen {worker.SeenAt:O} lease {worker.LeaseUntil:O} running {worker.Running}";

    private static JobFinish Finish(JobRun run, JobFinish how) => how with { Run = run };

    private static string Describe(List<Held> held, List<JobFinish> finishes) =>
        string.Join(",", held.Zip(finishes, static (held, how) => $"{held.Subject.Id}#{held.Oracle.Token}:{how.Kind}+{how.Delay.TotalMilliseconds}{(how.Remove ? " remove" : "")}"));

    /// <summary>Of a claim that is over, pending is all that can be said: see <see cref="Describe(JobRecord)"/>.</summary>
    private static string Describe(FinishResult answer) =>
        $"{answer.Status} {(answer is { Status: not FinishStatus.Applied, State: JobState.Scheduled or JobState.Waiting } ? "pending" : answer.State.ToString())}";

    private static IEnumerable<string> Ids(IEnumerable<JobRun> runs) => runs.Select(static run => run.Id).Order(StringComparer.Ordinal);

    private static WorkerIdentity Worker(string id) => new(id, "host", 1, Queues);

    private T Pick<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    private void Log(string operation) => _log.Add($"{clock.GetUtcNow():HH:mm:ss.fff} {operation}");

    private void Same(IEnumerable<string> mine, IEnumerable<string> right, string what)
    {
        var (a, b) = (mine.ToList(), right.ToList());
        if (!a.SequenceEqual(b))
        {
            var differences = string.Join('\n', b.Except(a).Select(static line => "  expected " + line).Concat(a.Except(b).Select(static line => "  actual   " + line)));
            Assert.Fail($"seed {seed}, step {_log.Count}: {what} differ ({b.Count} expected, {a.Count} found{(differences.Length == 0 ? ", order only" : "")})\n{differences}\nlast operations:\n  {string.Join("\n  ", _log.TakeLast(25))}");
        }
    }

    private sealed record Held(string Worker, JobRun Subject, JobRun Oracle);
}
