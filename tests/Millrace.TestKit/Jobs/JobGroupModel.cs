using Millrace.Jobs;
using Millrace.Jobs.Stores;
using Xunit;

namespace Millrace.TestKit.Jobs;

/// <summary>Does random operations to a store whose jobs are in groups, and checks of every claim what <see cref="JobStore.ClaimAsync"/> promises of groups: order, turns, limits, and
/// that no job is left that might have started. It knows nothing of how a store keeps groups: what there is to claim it reads from the list of jobs before each claim.</summary>
internal sealed class JobGroupModel(JobStore store, FakeClock clock, int seed)
{
    private const string Queue = "q";
    private const string Other = "other";
    private static readonly string?[] Groups = [null, "a", "b", "ab", "é:1"];
    private static readonly string[] Workers = ["w0", "w1", "w2"];
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private readonly Random _random = new(seed);
    private readonly List<string> _log = [];
    private readonly List<string> _ids = [];
    private readonly List<(string Worker, ClaimedJob Job)> _held = [];
    private readonly Dictionary<string, double> _buckets = new(StringComparer.Ordinal); // full again at
    private readonly Dictionary<string, Dictionary<string, int>> _passed = new(StringComparer.Ordinal); // party that could have started -> starts of each other since

    // The limits are the seed's: none, how many run, how many start, both.
    private readonly int? _most = seed % 4 is 1 or 3 ? 2 : null;
    private readonly JobRate? _rate = seed % 4 is 2 or 3 ? new JobRate { Count = 3, Period = TimeSpan.FromMilliseconds(2_999), Kind = JobRateKind.TokenBucket } : null;
    private readonly int? _queueMost = seed % 3 == 0 ? 5 : null;

    /// <summary>Jobs started so far.</summary>
    public int Started { get; private set; }

    private double Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    public async Task StepAsync()
    {
        switch (_random.Next(16))
        {
            case < 4:
                await EnqueueAsync();
                break;
            case < 8:
                await ClaimAsync();
                break;
            case < 11:
                await FinishAsync();
                break;
            case 11:
                await CancelOrDeleteAsync();
                break;
            case 12:
                await ReplayAsync();
                break;
            case 13:
                await LoseAsync();
                break;
            case 14:
                await FlowAsync();
                break;
            default:
                clock.Advance(TimeSpan.FromMilliseconds(_random.Next(1_500)));
                _log.Add($"advance to {clock.GetUtcNow():ss.fff}");
                break;
        }

        foreach (var party in _passed.Keys.Except(Eligible(await PendingAsync(), await RunningAsync()).Select(Name)).ToList())
        {
            _passed.Remove(party); // had nothing to start, or was at a limit
        }
    }

    /// <summary>Ends everything, so that nothing may be left of groups.</summary>
    public async Task EndAsync()
    {
        await store.DeleteAsync([.. (await AllAsync(JobState.Scheduled)).Concat(await AllAsync(JobState.Waiting)).Concat(await AllAsync(JobState.Blocked)).Select(static job => job.Id)]);
        clock.Advance(TimeSpan.FromMinutes(1));
        await SweepAsync(); // running jobs, of lost workers
        await store.DeleteAsync([.. (await store.ListAsync(new JobQuery { Queue = Queue, PageSize = 500 })).Jobs.Select(static job => job.Id)]);
        await SweepAsync();
    }

    private async Task EnqueueAsync()
    {
        var jobs = Enumerable.Range(0, _random.Next(1, 6)).Select(_ => NewJob(Queue) with
        {
            Delay = _random.Next(4) == 0 ? TimeSpan.FromMilliseconds(_random.Next(3_000)) : null,
            Unique = _random.Next(5) > 0 ? null : new JobUniqueness { Key = $"u{_random.Next(3)}", Until = UniqueUntil.Started, Replace = true },
        }).ToList();
        _log.Add($"enqueue {string.Join(",", jobs.Select(static job => $"{job.Id}/{job.Group}p{job.Priority}d{job.Delay?.TotalMilliseconds}u{job.Unique?.Key}"))}");
        await store.EnqueueAsync(jobs, 10_000);
    }

    private async Task FlowAsync()
    {
        var first = NewJob(_random.Next(2) == 0 ? Queue : Other);
        var second = NewJob(Queue) with { After = [new JobAddress(first.Queue, first.Id)], Condition = (JobCondition)_random.Next(4) };
        var third = NewJob(Queue) with { After = [new JobAddress(Queue, second.Id)], Condition = JobCondition.AllEnded, Delay = TimeSpan.FromMilliseconds(_random.Next(2) * 700) };
        _log.Add($"flow {first.Id}@{first.Queue}/{first.Group} {second.Id}/{second.Group} {third.Id}/{third.Group}");
        await store.EnqueueFlowAsync([first, second, third], 10_000);
        if (first.Queue == Other)
        {
            await store.CancelAsync(first.Id);
        }
    }

    private NewJob NewJob(string queue)
    {
        var id = $"j{_ids.Count}";
        _ids.Add(id);
        return new NewJob
        {
            Id = id,
            Queue = queue,
            Type = "x",
            Payload = "1"u8.ToArray(),
            Group = Groups[_random.Next(Groups.Length)],
            Priority = _random.Next(-1, 2),
            MaxAttempts = _random.Next(1, 4),
            Tags = _random.Next(3) == 0 ? ["t"] : [],
        };
    }

    private async Task ClaimAsync()
    {
        var (ready, running) = (await PendingAsync(), await RunningAsync());
        var (worker, asked) = (Workers[_random.Next(Workers.Length)], _random.Next(1, 7));
        var claimed = (await store.ClaimAsync(new ClaimRequest
        {
            Worker = Worker(worker),
            Lease = Lease,
            Queues = [new QueueCapacity(Queue, asked) { MaximumRunning = _queueMost, GroupMaximumRunning = _most, GroupRate = _rate }],
        })).Jobs;
        _log.Add($"claim {worker} {asked}: {string.Join(",", claimed.Select(static job => job.Id))}");
        foreach (var job in claimed)
        {
            var record = ready.Find(one => one.Id == job.Id);
            Check(record is not null, $"{job.Id} was not ready");
            Check(Eligible(ready, running).Contains(record!.Group), $"{job.Id} of group '{record.Group}' was started although the group is at a limit");
            var head = ready.First(one => one.Group == record.Group);
            Check(head.Id == job.Id || (head.Priority, head.DueAt) == (record.Priority, record.DueAt), $"{job.Id} was started before {head.Id} of its group");
            CheckTurn(record.Group, Eligible(ready, running));
            ready.Remove(record);
            running.Add(record);
            Take(record.Group);
            _held.Add((worker, job));
            Started++;
        }

        var room = Math.Min(asked, _queueMost is { } most ? Math.Max(0, most - (running.Count - claimed.Count)) : asked);
        Check(claimed.Count <= room, $"{claimed.Count} were started, {room} may");
        Check(claimed.Count == room || Eligible(ready, running).Count == 0, $"{claimed.Count} of {room} were started although these could: {string.Join(",", Eligible(ready, running).Select(Name))}");
    }

    /// <summary>Between two starts of a party every other one that could start gets a start.</summary>
    private void CheckTurn(string? served, HashSet<string?> eligible)
    {
        _passed.Remove(Name(served));
        foreach (var party in eligible.Where(party => party != served).Select(Name))
        {
            var passed = _passed.TryGetValue(party, out var known) ? known : _passed[party] = new(StringComparer.Ordinal);
            passed[Name(served)] = passed.GetValueOrDefault(Name(served)) + 1;
            Check(passed[Name(served)] == 1, $"group '{served}' was served twice while group '{party}' waited");
        }
    }

    private HashSet<string?> Eligible(List<JobRecord> ready, List<JobRecord> running) => [.. ready.Select(static job => job.Group).Distinct().Where(group => group is null
        || (!(running.Count(job => job.Group == group) >= _most) && (_rate is null || TokenBucket.Tokens(TokenBucket.Normalize(_buckets.GetValueOrDefault(group), _rate, Now), _rate, Now) > 0)))];

    private void Take(string? group)
    {
        if (group is not null && _rate is not null)
        {
            _buckets[group] = TokenBucket.Take(TokenBucket.Normalize(_buckets.GetValueOrDefault(group), _rate, Now), _rate, 1);
        }
    }

    private async Task FinishAsync()
    {
        var finishes = Enumerable.Range(0, Math.Min(_held.Count, _random.Next(1, 4))).Select(_ => RandomFinish(_held[^_random.Next(1, Math.Min(_held.Count, 10) + 1)].Job)).ToList();
        if (finishes.Count > 0)
        {
            _log.Add($"finish {string.Join(",", finishes.Select(static finish => $"{finish.Run.Id}:{finish.Kind}"))}");
            await store.FinishAsync(finishes);
        }
    }

    private JobFinish RandomFinish(ClaimedJob job)
    {
        var kind = (FinishKind)_random.Next(6);
        return new JobFinish { Run = new(job.Queue, job.Id, job.Token), Kind = kind, Delay = TimeSpan.FromMilliseconds(_random.Next(1_500)), Remove = kind == FinishKind.Completed && _random.Next(2) == 0 };
    }

    private async Task CancelOrDeleteAsync()
    {
        var ids = Enumerable.Range(0, 3).Where(_ => _ids.Count > 0).Select(_ => _ids[^_random.Next(1, Math.Min(_ids.Count, 30) + 1)]).Distinct().ToList();
        _log.Add($"cancel or delete {string.Join(",", ids)}");
        if (_random.Next(2) == 0)
        {
            await store.DeleteAsync(ids);
            return;
        }

        foreach (var id in ids)
        {
            await store.CancelAsync(id);
        }
    }

    private async Task ReplayAsync()
    {
        var dead = (await AllAsync(JobState.Dead)).ConvertAll(static job => job.Id);
        if (dead.Count > 0)
        {
            _log.Add($"replay {string.Join(",", dead)}");
            await store.ReplayAsync(dead, _random.Next(2));
        }
    }

    /// <summary>A worker forgets claims, or is gone.</summary>
    private async Task LoseAsync()
    {
        var worker = Workers[_random.Next(Workers.Length)];
        _log.Add($"lose {worker}");
        if (_random.Next(2) == 0)
        {
            var runs = _held.Where(held => held.Worker == worker && _random.Next(2) == 0).TakeLast(5).Select(static held => new JobRun(held.Job.Queue, held.Job.Id, held.Job.Token));
            await store.HeartbeatAsync(new HeartbeatRequest { Worker = Worker(worker), Lease = Lease, Runs = [.. runs] });
            return;
        }

        await store.LeaveAsync(worker);
        await SweepAsync();
    }

    private async Task SweepAsync()
    {
        var keep = new JobRetention(TimeSpan.FromMinutes(10), 10_000);
        await store.SweepAsync(new SweepRequest { Completed = keep, Cancelled = keep, Dead = keep });
    }

    /// <summary>The jobs that are ready, as a claim takes them.</summary>
    private async Task<List<JobRecord>> PendingAsync() =>
        [.. (await AllAsync(JobState.Waiting)).Concat(await AllAsync(JobState.Scheduled)).Where(job => job.DueAt <= clock.GetUtcNow()).OrderByDescending(static job => job.Priority).ThenBy(static job => job.DueAt)];

    private Task<List<JobRecord>> RunningAsync() => AllAsync(JobState.Running);

    private async Task<List<JobRecord>> AllAsync(JobState state)
    {
        var page = await store.ListAsync(new JobQuery { Queue = Queue, State = state, PageSize = 500 });
        Assert.Null(page.Next);
        return [.. page.Jobs];
    }

    private static string Name(string? group) => group ?? "(none)";

    private static WorkerIdentity Worker(string id) => new(id, "host", 1, [Queue]);

    private void Check(bool holds, string what)
    {
        if (!holds)
        {
            Assert.Fail($"seed {seed}, step {_log.Count}: {what}\nlast operations:\n  {string.Join("\n  ", _log.TakeLast(30))}");
        }
    }
}
