using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Jobs in Redis 6.2 or newer, Valkey or Garnet: single, with Sentinel, or as a cluster. One script per operation and queue, all keys of a queue
/// under one hash tag; what concerns several queues asks them all at once.</summary>
/// <remarks>
/// <para>The set of queues is the only key beside theirs; it grows only, and is written again from time to time, so that a queue whose name was lost
/// with it is found again.</para>
/// <para>How durable a job is that was acknowledged is for the server to say: see the guide.</para>
/// </remarks>
internal sealed partial class RedisJobStore : JobStore
{
    /// <summary>A queue in use is named again after so long.</summary>
    private static readonly TimeSpan NamedFor = TimeSpan.FromSeconds(10);

    private readonly RedisClient _redis;
    private readonly string _prefix;
    private readonly TimeProvider _clock;
    private readonly bool _serverClock;
    private readonly WorkSignal _signal;
    private readonly WakeUps _wakeUps;
    private readonly ReplicaWish _wish;
    private readonly QueueOutages _outages;
    private readonly ILogger _logger;
    private readonly RedisKey _queues;
    private readonly ConcurrentDictionary<string, QueueKeys> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, EnqueueLine> _lines = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _named = new(StringComparer.Ordinal);
    private string[] _known = []; // the queues that there were when their names were last read
    private bool _closed;

    /// <param name="redis">The client; stays the caller's.</param>
    /// <param name="prefix">Begins every key.</param>
    /// <param name="clock">This process's clock.</param>
    /// <param name="serverClock">Whether the store's clock is the server's own, rather than this one; null: it is, unless this one is not the system's
    /// (a test's, which then moves the store's time too).</param>
    /// <param name="logger">Told of what had to be passed over; null for nobody.</param>
    /// <param name="wish">Which replicas have to have a job that is acknowledged; none by default.</param>
    public RedisJobStore(RedisClient redis, string prefix, TimeProvider clock, bool? serverClock = null, ILogger? logger = null, ReplicaWish wish = default)
    {
        (_redis, _prefix, _clock, _logger, _wish) = (redis, prefix, clock, logger ?? NullLogger.Instance, wish);
        _serverClock = serverClock ?? ReferenceEquals(clock, TimeProvider.System);
        _signal = new WorkSignal(clock);
        _wakeUps = new WakeUps(redis, _signal);
        _outages = new QueueOutages(async (queue, token) => await RunAsync(JobScripts.FindWork, queue, [Now()], token).ConfigureAwait(false), _signal.Pulse);
        _queues = $"{prefix}:queues";
    }

    public override string Name => "redis";

    public override async ValueTask InitializeAsync(CancellationToken cancellationToken = default) => await _redis.PingAsync(cancellationToken).ConfigureAwait(false);

    public override ValueTask<EnqueueOutcome> EnqueueAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default)
    {
        var naming = NameAsync(jobs[0].Queue, cancellationToken);
        return naming.IsCompletedSuccessfully ? Line(jobs[0].Queue).EnqueueAsync(jobs, maximumQueueLength, cancellationToken) : NameFirstAsync();

        async ValueTask<EnqueueOutcome> NameFirstAsync()
        {
            await naming.ConfigureAwait(false);
            return await Line(jobs[0].Queue).EnqueueAsync(jobs, maximumQueueLength, cancellationToken).ConfigureAwait(false);
        }
    }

    public override async ValueTask<HeartbeatResult> HeartbeatAsync(HeartbeatRequest request, CancellationToken cancellationToken = default)
    {
        await NameAsync(request.Worker.Queues, cancellationToken).ConfigureAwait(false);
        var (cancel, lost, told) = (new List<JobRun>(), new List<JobRun>(), new List<string>());
        var runs = request.Runs.ToLookup(static run => run.Queue, StringComparer.Ordinal);
        var queues = request.Worker.Queues.Union(runs.Select(static queue => queue.Key), StringComparer.Ordinal).ToList();
        var away = await ReachAsync(queues, async queue =>
        {
            List<RedisArgument> arguments = [Now(), request.Worker.Id, Milliseconds(request.Lease), WorkerText.Write(request.Worker)];
            foreach (var run in runs[queue])
            {
                arguments.Add(run.Id);
                arguments.Add(run.Token);
            }

            var reply = await RunAsync(JobScripts.Heartbeat, queue, arguments, cancellationToken).ConfigureAwait(false);
            return (Queue: queue, Answers: reply.Items);
        }, answer =>
        {
            foreach (var (run, told) in runs[answer.Queue].Zip(answer.Answers))
            {
                switch (told.AsInt64())
                {
                    case 1:
                        cancel.Add(run);
                        break;
                    case 2:
                        lost.Add(run);
                        break;
                }
            }

            if (answer.Answers.Count > runs[answer.Queue].Count())
            {
                told.Add(answer.Queue);
            }
        }).ConfigureAwait(false);
        await RelayAsync(told).ConfigureAwait(false);
        return away.Count > 0 && queues.All(away.ContainsKey) ? throw Away(away.Values.First()) : new HeartbeatResult(cancel, lost) { Unavailable = away };
    }

    public override async ValueTask LeaveAsync(string workerId, CancellationToken cancellationToken = default) =>
        await EachAsync(await QueuesAsync(cancellationToken).ConfigureAwait(false), queue => RunAsync(JobScripts.Leave, queue, [Now(), workerId], cancellationToken), static _ => { }).ConfigureAwait(false);

    public override async ValueTask<bool> ReportProgressAsync(JobRun run, int percent, string? message, CancellationToken cancellationToken = default) =>
        (await RunAsync(JobScripts.ReportProgress, run.Queue, [Now(), run.Id, run.Token, percent, Said(message)], cancellationToken).ConfigureAwait(false)).AsInt64() == 1;

    public override async ValueTask<CancelStatus> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        var (status, told) = (CancelStatus.NotFound, new List<string>());
        await EachAsync(
            await QueuesAsync(cancellationToken).ConfigureAwait(false),
            async queue => (Queue: queue, Reply: (await RunAsync(JobScripts.Cancel, queue, [Now(), id], cancellationToken).ConfigureAwait(false)).AsInt64()),
            answer =>
            {
                status = (CancelStatus)Math.Max((long)status, answer.Reply % 10);
                if (answer.Reply > 10)
                {
                    told.Add(answer.Queue);
                }
            }).ConfigureAwait(false);
        await RelayAsync(told).ConfigureAwait(false);
        return status;
    }

    public override ValueTask<IReadOnlyList<string>> ReplayAsync(IReadOnlyList<string> ids, int priorityRaise, CancellationToken cancellationToken = default) =>
        ChangeAsync(JobScripts.Replay, priorityRaise, ids, cancellationToken);

    public override ValueTask<IReadOnlyList<string>> DeleteAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken = default) =>
        ChangeAsync(JobScripts.Delete, string.Empty, ids, cancellationToken);

    public override async ValueTask SetQueuePausedAsync(string queue, bool paused, CancellationToken cancellationToken = default)
    {
        await NameAsync(queue, cancellationToken).ConfigureAwait(false);
        await RunAsync(JobScripts.SetQueuePaused, queue, [Now(), paused ? 1 : 0], cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken = default)
    {
        var found = new List<QueueStatus>();
        await EachAsync(await QueuesAsync(cancellationToken).ConfigureAwait(false), async queue => Status(queue, await RunAsync(JobScripts.Count, queue, [Now()], cancellationToken).ConfigureAwait(false)), status =>
        {
            if (status.Paused || status.Waiting + status.Delayed + status.Retrying + status.Running + status.Completed + status.Dead + status.Cancelled + status.Blocked > 0)
            {
                found.Add(status);
            }
        }).ConfigureAwait(false);
        found.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return found;
    }

    public override async ValueTask<IReadOnlyList<WorkerRecord>> GetWorkersAsync(CancellationToken cancellationToken = default)
    {
        var found = new SortedDictionary<string, WorkerRecord>(StringComparer.Ordinal);
        await EachAsync(await QueuesAsync(cancellationToken).ConfigureAwait(false), queue => RunAsync(JobScripts.GetWorkers, queue, [Now()], cancellationToken), reply =>
        {
            foreach (var worker in WorkerText.ReadAll(reply))
            {
                found[worker.Identity.Id] = found.TryGetValue(worker.Identity.Id, out var other) ? WorkerText.Merge(other, worker) : worker;
            }
        }).ConfigureAwait(false);
        return [.. found.Values];
    }

    public override async ValueTask WaitForWorkAsync(IReadOnlyCollection<string> queues, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        // Listen first, look next, wait last: then no wake-up is lost; nor that a queue is back whose server was away.
        using var waiter = _signal.Register(queues);
        var listening = await ListenAsync(queues, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        var left = until - _clock.GetUtcNow();
        await ReachAsync(listening, queue => RunAsync(JobScripts.FindWork, queue, [Now()], cancellationToken), reply =>
        {
            var (now, due) = (reply[0].AsInt64(), reply[1].AsInt64());
            var wait = due < 0 ? left : TimeSpan.FromMilliseconds(Math.Max(0, due - now));
            left = wait < left ? wait : left;
        }).ConfigureAwait(false);
        if (left > TimeSpan.Zero && !Volatile.Read(ref _closed))
        {
            await waiter.WaitAsync(left, cancellationToken).ConfigureAwait(false);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _closed, true);
        _signal.Close();
        await _outages.DisposeAsync().ConfigureAwait(false);
        await _wakeUps.DisposeAsync().ConfigureAwait(false);
        foreach (var line in _lines.Values)
        {
            line.Dispose();
        }
    }

    private EnqueueLine Line(string queue) => _lines.GetOrAdd(queue, static (name, store) => new EnqueueLine(store._redis, store.Keys(name), store._wish, store.Now), this);

    private QueueKeys Keys(string queue) => _keys.GetOrAdd(queue, static (name, prefix) => new QueueKeys(prefix, name), _prefix);

    /// <summary>The clock as scripts take it: empty for the server's own.</summary>
    private RedisArgument Now() => _serverClock ? string.Empty : _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private ValueTask<RedisReply> RunAsync(RedisScript script, string queue, List<RedisArgument> arguments, CancellationToken cancellationToken) =>
        _redis.EvaluateAsync(script, Keys(queue).All, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(arguments), cancellationToken);

    /// <summary>Runs a script that stores jobs, and waits for the replicas that have to have them.</summary>
    /// <exception cref="JobNotReplicatedException">They have not confirmed in time, and the script has not refused.</exception>
    private async ValueTask<RedisReply> StoreAsync(
        RedisScript script, string queue, List<RedisArgument> arguments, IReadOnlyList<NewJob> jobs, Func<RedisReply, bool> refused, CancellationToken cancellationToken)
    {
        var (reply, confirmed) = await _wish.RunAsync(_redis, script, Keys(queue), arguments, cancellationToken).ConfigureAwait(false);
        return refused(reply) || _wish.Shortage(jobs, confirmed) is not { } shortage ? reply : throw shortage;
    }

    private async ValueTask NameAsync(IEnumerable<string> queues, CancellationToken cancellationToken)
    {
        foreach (var queue in queues)
        {
            await NameAsync(queue, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Adds the queue to those that are known, unless that was done a moment ago. Only the first time is waited for: the server that knows the names may be away
    /// while that of the queue works.</summary>
    private ValueTask NameAsync(string queue, CancellationToken cancellationToken)
    {
        if (!_named.TryGetValue(queue, out var since))
        {
            return AddNameAsync(queue, cancellationToken);
        }

        if (TimeProvider.System.GetElapsedTime(since) >= NamedFor && _named.TryUpdate(queue, TimeProvider.System.GetTimestamp(), since))
        {
            _ = AddNameAgainAsync(queue); // ends with the command's time-out at the latest
        }

        return default;
    }

    private async Task AddNameAgainAsync(string queue)
    {
        try
        {
            await AddNameAsync(queue, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is RedisException or ObjectDisposedException)
        {
            // In a moment once more.
        }
    }

    private async ValueTask AddNameAsync(string queue, CancellationToken cancellationToken)
    {
        await _redis.ExecuteAsync("SADD", cancellationToken, _queues, queue).ConfigureAwait(false);
        _named[queue] = TimeProvider.System.GetTimestamp();
    }

    private async ValueTask<IReadOnlyList<string>> QueuesAsync(CancellationToken cancellationToken)
    {
        var reply = await _redis.ExecuteAsync("SMEMBERS", cancellationToken, _queues).ConfigureAwait(false);
        string[] names = [.. reply.Items.Select(static item => item.AsString()!)];
        Array.Sort(names, StringComparer.Ordinal);
        Volatile.Write(ref _known, names);
        return names;
    }

    /// <summary>The queues that can be worked on: also while the server that knows the names of all is away.</summary>
    private async ValueTask<IReadOnlyList<string>> ReachableQueuesAsync(CancellationToken cancellationToken)
    {
        IEnumerable<string> queues;
        try
        {
            queues = await QueuesAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RedisException error) when (QueueOutages.IsOutage(error) && (_known.Length > 0 || !_named.IsEmpty))
        {
            queues = _known.Union(_named.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal);
        }

        string[] all = [.. queues], reachable = [.. all.Where(queue => _outages.Find(queue) is null)];
        return reachable.Length == 0 && all.Length > 0 && _outages.Find(all[0]) is { } reason ? throw Away(reason) : reachable;
    }

    /// <summary>What is thrown where no queue can be reached.</summary>
    private static RedisConnectionException Away(Exception error) => new("None of the queues can be reached: " + error.Message, error);

    /// <summary>Has this process told of work in these queues; gives those whose server is not away.</summary>
    private async ValueTask<List<string>> ListenAsync(IReadOnlyCollection<string> queues, CancellationToken cancellationToken)
    {
        var listening = new List<string>(queues.Count);
        foreach (var queue in queues)
        {
            if (_outages.Find(queue) is not null)
            {
                continue;
            }

            try
            {
                await _wakeUps.ListenAsync(Keys(queue), cancellationToken).ConfigureAwait(false);
                listening.Add(queue);
            }
            catch (RedisException error) when (QueueOutages.IsOutage(error))
            {
                _outages.Add(queue, error);
            }
        }

        return listening;
    }

    /// <summary>As <see cref="EachAsync"/>, but for queues whose server is away, which are given back with the reason.</summary>
    private async ValueTask<IReadOnlyDictionary<string, Exception>> ReachAsync<T>(IEnumerable<string> queues, Func<string, ValueTask<T>> ask, Action<T> take)
    {
        Dictionary<string, Exception>? away = null;
        var asked = new List<(string Queue, Task<T> Answer)>();
        foreach (var queue in queues)
        {
            if (_outages.Find(queue) is { } known)
            {
                (away ??= new(StringComparer.Ordinal))[queue] = known;
            }
            else
            {
                asked.Add((queue, ask(queue).AsTask()));
            }
        }

        await ((Task)Task.WhenAll(asked.Select(static one => one.Answer))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (queue, answer) in asked)
        {
            try
            {
                take(await answer.ConfigureAwait(false));
            }
            catch (RedisException error) when (QueueOutages.IsOutage(error))
            {
                _outages.Add(queue, error);
                (away ??= new(StringComparer.Ordinal))[queue] = error;
            }
        }

        return away ?? (IReadOnlyDictionary<string, Exception>)ReadOnlyDictionary<string, Exception>.Empty;
    }

    /// <summary>Asks all queues at once and takes their answers in turn; fails when one of them does, after all have answered.</summary>
    private static async ValueTask EachAsync<T>(IEnumerable<string> queues, Func<string, ValueTask<T>> ask, Action<T> take)
    {
        var asked = queues.Select(queue => ask(queue).AsTask()).ToArray();
        await Task.WhenAll(asked).ConfigureAwait(false);
        foreach (var answer in asked)
        {
            take(await answer.ConfigureAwait(false));
        }
    }

    private async ValueTask<IReadOnlyList<string>> ChangeAsync(RedisScript script, RedisArgument how, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var (changed, told) = (new HashSet<string>(StringComparer.Ordinal), new List<string>());
        await EachAsync(
            await QueuesAsync(cancellationToken).ConfigureAwait(false),
            async queue => (Queue: queue, Ids: (await RunAsync(script, queue, [Now(), how, .. ids.Select(static id => (RedisArgument)id)], cancellationToken).ConfigureAwait(false)).Items),
            answer =>
            {
                changed.UnionWith(answer.Ids.Select(static item => item.AsString()!));
                if (changed.Remove(string.Empty))
                {
                    told.Add(answer.Queue);
                }
            }).ConfigureAwait(false);
        await RelayAsync(told).ConfigureAwait(false);
        return [.. ids.Where(changed.Contains)];
    }

    /// <summary>A text that may be null, as scripts take it.</summary>
    private static RedisArgument Said(string? text) => text is null ? "-" : "+" + text;

    private static long Milliseconds(TimeSpan span) => (long)Math.Ceiling(span.TotalMilliseconds);

    private static QueueStatus Status(string queue, RedisReply reply) => new()
    {
        Name = queue,
        Paused = reply[0].AsInt64() == 1,
        Waiting = reply[1].AsInt64(),
        Delayed = reply[2].AsInt64() - reply[3].AsInt64(),
        Retrying = reply[3].AsInt64(),
        Running = reply[4].AsInt64(),
        Completed = reply[5].AsInt64(),
        Dead = reply[6].AsInt64(),
        Cancelled = reply[7].AsInt64(),
        Blocked = reply[8].AsInt64(),
    };
}
