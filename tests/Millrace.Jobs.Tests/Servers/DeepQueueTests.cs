using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Millrace.Jobs.Stores.Redis;
using Millrace.Redis;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>What an operation costs does not depend on how many jobs wait, counted in the commands of its script as MONITOR shows them: with 50,000 jobs they are as many as
/// with 100, and none reads a range without a bound.</summary>
[Trait("req", "J-12"), Collection(HeavyCollection.Name)]
public sealed partial class DeepQueueTests : IAsyncLifetime
{
    private const int LongestRange = 2_000;
    private const string Prefix = "jobs";

    /// <summary>Commands that read all of a key; of the keys that grow with the workers, the running jobs or the queues they may.</summary>
    private static readonly string[] Whole = ["HGETALL", "HKEYS", "HVALS", "SMEMBERS", "KEYS", "SCAN", "SORT"];
    private static readonly string[] Small = [":queues", ":workers", ":leases", ":running", ":meta", ":schedules"];

    private RedisServer _server = null!;
    private RedisClient _redis = null!;
    private RedisJobStore _store = null!;
    private TcpClient _monitor = null!;
    private StreamReader _seen = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _redis = await RedisClient.ConnectAsync(_server.Address, Token);
        _store = new RedisJobStore(_redis, Prefix, new FakeClock());
        _monitor = new TcpClient("127.0.0.1", _server.Port);
        _seen = new StreamReader(_monitor.GetStream());
    }

    public async ValueTask DisposeAsync()
    {
        _monitor.Dispose();
        await _store.DisposeAsync();
        await _redis.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Every_operation_takes_as_many_commands_with_50_000_waiting_jobs_as_with_100()
    {
        await FillAsync(100, 1);
        await _monitor.GetStream().WriteAsync("MONITOR\r\n"u8.ToArray(), Token);
        Assert.Equal("+OK", await ReadAsync());
        var few = await MeasureAsync("few");
        await FillAsync(50_000, 2);
        await UntilMarkAsync("filled");
        var many = await MeasureAsync("many");

        Assert.Equal(few.Keys.Order(), many.Keys.Order());
        Assert.All(few.Values, static commands => Assert.NotEmpty(commands));
        Assert.Empty(many.Where(operation => operation.Value.Count > (few[operation.Key].Count * 5 / 4) + 12).Select(operation => $"{operation.Key}: {few[operation.Key].Count} commands, then {operation.Value.Count}"));
        Assert.Empty(many.SelectMany(static operation => operation.Value.Where(IsUnbounded).Select(command => $"{operation.Key}: {string.Join(' ', command)}")));
    }

    private static bool IsUnbounded(string[] command) => command[0] switch
    {
        var name when Whole.Contains(name) => !Array.Exists(Small, command[1].EndsWith),
        "LRANGE" or "ZRANGE" or "ZREVRANGE" when !command.Contains("BYSCORE") && !command.Contains("BYLEX") =>
            !long.TryParse(command[2], CultureInfo.InvariantCulture, out var first) || !long.TryParse(command[3], CultureInfo.InvariantCulture, out var last) || last < first || last - first > LongestRange,
        "ZRANGEBYSCORE" or "ZREVRANGEBYSCORE" or "ZRANGE" or "ZREVRANGE" =>
            !Array.Exists(Small, command[1].EndsWith) && (!command.Contains("LIMIT") || long.Parse(command[Array.IndexOf(command, "LIMIT") + 2], CultureInfo.InvariantCulture) > LongestRange),
        _ => false,
    };

    private async Task FillAsync(int count, int round)
    {
        for (var done = 0; done < count; done += 1_000)
        {
            NewJob[] jobs = [.. Enumerable.Range(done, Math.Min(1_000, count - done)).Select(n => RedisStoreState.Job($"{round}-{n}") with { Tags = n % 2 == 0 ? ["t"] : [], Priority = n % 10 == 0 ? 1 : 0 })];
            await _store.EnqueueAsync(jobs, int.MaxValue, Token);
        }

        await _store.EnqueueAsync([.. Enumerable.Range(0, 60).Select(n => RedisStoreState.Job($"{round}-later-{n}", TimeSpan.FromDays(1)))], int.MaxValue, Token);
        foreach (var kind in new[] { FinishKind.Completed, FinishKind.Dead, FinishKind.Cancelled })
        {
            await _store.EnqueueAsync([.. Enumerable.Range(0, 60).Select(n => RedisStoreState.Job($"{round}-{kind}-{n}", queue: "other"))], int.MaxValue, Token);
            var jobs = await ClaimAsync("w", 60, "other");
            await _store.FinishAsync([.. jobs.Select(job => new JobFinish { Run = new(job.Queue, job.Id, job.Token), Kind = kind, Error = "boom" })], Token);
        }
    }

    /// <summary>The commands of each operation's scripts when it is done for the second time.</summary>
    private async Task<Dictionary<string, List<string[]>>> MeasureAsync(string round)
    {
        var keep = new JobRetention(TimeSpan.FromDays(365), 1_000_000);
        var operations = new Dictionary<string, Func<int, Task>>(StringComparer.Ordinal)
        {
            ["enqueue"] = n => _store.EnqueueAsync([RedisStoreState.Job($"{round}-new-{n}") with { Tags = ["t"] }], int.MaxValue, Token).AsTask(),
            ["unique"] = n => _store.EnqueueAsync([RedisStoreState.Job($"{round}-key-{n}") with { Unique = new() { Key = $"{round}-{n}", Until = UniqueUntil.Ended } }], int.MaxValue, Token).AsTask(),
            ["claim and finish"] = async n =>
            {
                var job = Assert.Single(await ClaimAsync($"{round}-w", 1, "default"));
                await _store.FinishAsync([new JobFinish { Run = new(job.Queue, job.Id, job.Token), Kind = FinishKind.Completed, Remove = true }], Token);
            },
            ["heartbeat"] = _ => _store.HeartbeatAsync(new HeartbeatRequest { Worker = new(round, "host", 1, ["default"]), Lease = TimeSpan.FromMinutes(1), Runs = [] }, Token).AsTask(),
            ["sweep"] = _ => _store.SweepAsync(new SweepRequest { Completed = keep, Cancelled = keep, Dead = keep }, Token).AsTask(),
            ["cancel"] = n => _store.CancelAsync($"{round}-new-{n}", Token).AsTask(),
            ["get"] = n => _store.GetAsync($"{round}-key-{n}", Token).AsTask(),
            ["queues"] = _ => _store.GetQueuesAsync(Token).AsTask(),
            ["list by tag"] = _ => _store.ListAsync(new JobQuery { Tag = "t", PageSize = 50 }, Token).AsTask(),
        };
        foreach (var state in new[] { JobState.Waiting, JobState.Scheduled, JobState.Completed, JobState.Dead, JobState.Cancelled })
        {
            operations[$"list {state}"] = async _ => Assert.Equal(50, (await _store.ListAsync(new JobQuery { State = state, PageSize = 50 }, Token)).Jobs.Count);
        }

        var commands = new Dictionary<string, List<string[]>>(StringComparer.Ordinal);
        foreach (var (name, operation) in operations)
        {
            await operation(0);
            await UntilMarkAsync($"begin {round} {name}");
            await operation(1);
            commands[name] = await UntilMarkAsync($"end {round} {name}");
        }

        return commands;
    }

    /// <summary>The commands of scripts that MONITOR shows before a mark that is set now.</summary>
    private async Task<List<string[]>> UntilMarkAsync(string mark)
    {
        await _server.CommandAsync("ECHO", mark);
        var commands = new List<string[]>();
        while (true)
        {
            var line = await ReadAsync();
            if (line.Contains(mark, StringComparison.Ordinal) && line.Contains("\"echo\"", StringComparison.OrdinalIgnoreCase))
            {
                return commands;
            }

            if (line.Contains(" lua] ", StringComparison.Ordinal))
            {
                string[] words = [.. Word().Matches(line).Select(static match => match.Groups[1].Value)];
                words[0] = words[0].ToUpperInvariant();
                commands.Add(words);
            }
        }
    }

    private async Task<string> ReadAsync() => await _seen.ReadLineAsync(Token).AsTask().WaitAsync(Engine.Guard, Token) ?? throw new EndOfStreamException();

    private async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(string worker, int count, string queue) => (await _store.ClaimAsync(
        new ClaimRequest { Worker = new(worker, "host", 1, [queue]), Lease = TimeSpan.FromMinutes(5), Queues = [new(queue, count)], MaximumJobs = count }, Token)).Jobs;

    [GeneratedRegex("\"((?:[^\"\\\\]|\\\\.)*)\"", RegexOptions.None, 1000)]
    private static partial Regex Word();
}
