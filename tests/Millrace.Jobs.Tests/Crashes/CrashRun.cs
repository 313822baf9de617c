using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Millrace.Redis;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>
/// Four workers and two producers on one store, which are killed, stopped in their tracks for longer than their lease and replaced at random,
/// while the same happens to the server. Then what is left is worked off, and all of it is looked at.
/// </summary>
/// <remarks>Each part of the harm has a random of its own, so that a seed says what is done, though not when it hits what.</remarks>
internal sealed class CrashRun(LabServer server, int seed, TimeSpan duration, ITestOutputHelper output) : IAsyncDisposable
{
    private const int Workers = 4;
    private const int Poisonous = 2;
    private const int Probes = 160;
    private const int Begun = 20;
    private static readonly string[] Producers = ["p", "q"];
    private static readonly string[] Queues = ["a", "b", "c", "default"];
    private static readonly TimeSpan LongerThanTheLease = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromMinutes(3);

    private readonly Random _random = new(seed);
    private readonly SortedDictionary<string, int> _done = new(StringComparer.Ordinal);
    private readonly List<LabProcess> _all = [];
    private readonly List<LabProcess> _alive = [];
    private JobStore _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Does all of it. 1. Start; 2. harm; 3. let it recover; 4. look.</summary>
    public async Task RunAsync()
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}, {duration.TotalSeconds:F0} s"));

        // 1. Start.
        _store = await server.OpenAsync();
        var began = (await _store.GetDueSchedulesAsync(1, Token)).Now;
        for (var worker = 0; worker < Workers; worker++)
        {
            Start("worker");
        }

        Array.ForEach(Producers, name => Start(name));
        await Task.WhenAll(_alive.Select(static process => process.WaitForAsync("ready"))).WaitAsync(Guard, Token);
        await UntilAsync(() => Task.FromResult(_alive.TrueForAll(static process => process.Role == "worker" || process.Lines.Count > Begun) ? null : "one begins"), "the producers are at work");
        await _store.EnqueueAsync([.. Enumerable.Range(0, Poisonous).Select(static n => Job($"poison-{n}", "default", """{"number":1,"poison":true}""", maxAttempts: 2))], 1_000, Token);

        // 2. Harm.
        var end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(DisturbAsync(end), HarmAsync(end));

        // 3. Recover.
        await RecoverAsync();

        // 4. Look.
        var report = new CrashReport(_all);
        report.Compare();
        new CrashVerdict(report, await ReadAllAsync(_store), began, server.MayForget).Check(output);
        output.WriteLine(string.Join(", ", _done.Select(static done => $"{done.Value} {done.Key}")));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _alive)
        {
            await process.KillAsync(); // also one that stands still
        }

        await Task.WhenAll(_all.Select(static process => process.DisposeAsync().AsTask()));
    }

    /// <summary>Every job of the store.</summary>
    public static async Task<List<JobRecord>> ReadAllAsync(JobStore store)
    {
        var found = new List<JobRecord>();
        var query = new JobQuery { PageSize = JobLimits.MaximumPageSize };
        while (true)
        {
            var page = await store.ListAsync(query, Token);
            found.AddRange(page.Jobs);
            if (page.Next is null)
            {
                return found;
            }

            query = query with { Cursor = page.Next };
        }
    }

    private async Task DisturbAsync(long end)
    {
        var random = new Random(seed + 1);
        while (Stopwatch.GetTimestamp() < end)
        {
            await PauseAsync(random, 500, 2_500);
            if (await server.DisturbAsync(random) is { } what)
            {
                Count(what);
            }
        }
    }

    private async Task HarmAsync(long end)
    {
        while (Stopwatch.GetTimestamp() < end)
        {
            await PauseAsync(_random, 50, 500);
            await TendAsync();
            var workers = _alive.Where(static process => process is { Role: "worker", FrozenUntil: null }).ToList();
            var producers = _alive.Where(static process => process.Role != "worker" && process.FrozenUntil is null).ToList();
            switch (_random.Next(10))
            {
                case < 4 when workers.Count > 1:
                    await ReplaceAsync(workers[_random.Next(workers.Count)], static process => process.KillAsync(), "killed workers");
                    break;
                case < 6 when producers.Count > 0:
                    await ReplaceAsync(producers[_random.Next(producers.Count)], static process => process.KillAsync(), "killed producers");
                    break;
                case < 8 when workers.Count > 2:
                    await FreezeAsync(workers[_random.Next(workers.Count)], "stopped workers");
                    break;
                case 8 when producers.Count > 1:
                    await FreezeAsync(producers[_random.Next(producers.Count)], "stopped producers");
                    break;
                case 9 when workers.Count > 2 && workers[_random.Next(workers.Count)] is var worker && IsReady(worker):
                    await ReplaceAsync(worker, static process => process.StopAsync(), "redeployed workers");
                    break;
            }
        }
    }

    /// <summary>Lets those go on who have stood still for long enough, and replaces those that have ended by themselves.</summary>
    private async Task TendAsync(bool all = false)
    {
        foreach (var process in _alive.ToList())
        {
            if (process.FrozenUntil is { } time && (all || time <= Stopwatch.GetTimestamp()))
            {
                process.Thaw();
            }

            if (process.HasExited)
            {
                await ReplaceAsync(process, static process => process.WaitForExitAsync(), IsReady(process) ? "poisoned workers" : "failed starts");
            }
        }
    }

    private async Task RecoverAsync()
    {
        await TendAsync(all: true);
        foreach (var producer in _alive.Where(static process => process.Role != "worker").ToList())
        {
            await producer.KillAsync();
            _alive.Remove(producer);
        }

        await UntilAsync(async () => (await ScheduleAsync()).LastAt is null ? "it has not fired" : null, "the schedule has fired");
        var last = (await ScheduleAsync()).LastAt;
        await UntilAsync(async () => (await ScheduleAsync()).LastAt > last ? null : "it does not", "the schedule goes on");
        await UntilAsync(async () => await _store.SetSchedulePausedAsync("tick", paused: true, nextAt: null, Token) ? null : "there is none", "the schedule is paused");
        await UntilAsync(WhyBusyAsync, "nothing is left to do");
        await UntilAsync(() => Task.FromResult(_alive.TrueForAll(IsReady) ? null : "one begins"), "all workers are there");
        foreach (var queue in Queues)
        {
            NewJob[] probes = [.. Enumerable.Range(0, Probes / Queues.Length).Select(n => Job($"probe-{queue}{n}", queue, """{"number":1,"milliseconds":300}""", maxAttempts: 100))];
            await UntilAsync(async () => (await _store.EnqueueAsync(probes, 1_000_000, Token)).FullQueue, "the probes are enqueued");
        }

        await UntilAsync(WhyBusyAsync, "the probes have run");
        foreach (var worker in _alive.ToList())
        {
            await worker.StopAsync();
            _alive.Remove(worker);
            Assert.True(worker.Lines.Any(static line => line.StartsWith("begin probe-", StringComparison.Ordinal)), $"A worker took none of {Probes} jobs: it hangs.\n{string.Join('\n', worker.Lines.TakeLast(20))}");
        }
    }

    private async Task<string?> WhyBusyAsync()
    {
        var queues = await _store.GetQueuesAsync(Token);
        return queues.Any(static queue => queue.Waiting + queue.Delayed + queue.Retrying + queue.Blocked + queue.Running > 0) ? string.Join(", ", queues) : null;
    }

    private async Task<ScheduleRecord> ScheduleAsync() => Assert.Single(await _store.GetSchedulesAsync(Token));

    /// <summary>Asks until the answer is null, and keeps the programs going meanwhile.</summary>
    private Task UntilAsync(Func<Task<string?>> whyNotYet, string what) => Poll.UntilAsync(
        async () =>
        {
            await TendAsync();
            try
            {
                return await whyNotYet();
            }
            catch (Exception error) when (error is RedisException or DbException)
            {
                return error.Message;
            }
        },
        what,
        SettleLimit);

    private void Start(string role)
    {
        string[] arguments = role == "worker" ? [] : [role, NextOf(role).ToString(CultureInfo.InvariantCulture)];
        var process = LabProcess.Start(server, role, arguments: arguments);
        _all.Add(process);
        _alive.Add(process);
    }

    /// <summary>The first job of a producer that none of its lives saw acknowledged.</summary>
    private int NextOf(string producer) => _all.Where(process => process.Role == producer).SelectMany(static process => process.Lines)
        .Where(static line => line.StartsWith("ack ", StringComparison.Ordinal))
        .Select(static line => int.Parse(line.AsSpan(line.IndexOf('-', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture))
        .DefaultIfEmpty(0).Max() + 1;

    private async Task ReplaceAsync(LabProcess process, Func<LabProcess, Task> end, string what)
    {
        await end(process);
        _alive.Remove(process);
        Count(what);
        Start(process.Role);
    }

    private async Task FreezeAsync(LabProcess process, string what)
    {
        if (!IsReady(process) || process.HasExited)
        {
            return;
        }

        await process.FreezeAsync(server);
        process.FrozenUntil = Stopwatch.GetTimestamp() + (long)(LongerThanTheLease.TotalSeconds * Stopwatch.Frequency);
        Count(what);
    }

    private void Count(string what)
    {
        lock (_done)
        {
            _done[what] = _done.GetValueOrDefault(what) + 1;
        }
    }

    private static bool IsReady(LabProcess process) => process.Lines.Contains("ready");

    private static NewJob Job(string id, string queue, string payload, int maxAttempts) =>
        new() { Id = id, Queue = queue, Type = "crash", Payload = Encoding.UTF8.GetBytes(payload), MaxAttempts = maxAttempts };

    private static Task PauseAsync(Random random, int least, int most) => Task.Delay(TimeSpan.FromMilliseconds(random.Next(least, most)), TimeProvider.System, Token);
}
