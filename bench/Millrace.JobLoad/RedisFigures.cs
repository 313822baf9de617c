using System.Globalization;
using Millrace.JobLoad.Roles;
using Millrace.TestKit.Redis;

namespace Millrace.JobLoad;

/// <summary>The engine on Redis beside BullMQ. Each run of each side has a redis-server of its own, fresh and alike, so that nothing is inherited.</summary>
internal static class RedisFigures
{
    private const int MostJobs = 2_000_000;
    private const int MemoryJobs = 100_000;

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("jobs.redis.process", "1 worker, 50 at once, completed jobs removed, against BullMQ", StoreChoice.Redis, static o => ProcessAsync("jobs.redis.process", o, aof: false)),
        new("jobs.redis.enqueue.1", "enqueue one by one, awaited, against BullMQ's add", StoreChoice.Redis, static o => EnqueueAsync("jobs.redis.enqueue.1", o, 1, goal: 2, aof: false)),
        new("jobs.redis.enqueue.100", "100 enqueues in flight, against BullMQ's add", StoreChoice.Redis, static o => EnqueueAsync("jobs.redis.enqueue.100", o, 100, goal: 5, aof: false)),
        new("jobs.redis.enqueue.bulk", "1,000 jobs a call, against BullMQ's addBulk", StoreChoice.Redis, static o => EnqueueAsync("jobs.redis.enqueue.bulk", o, EngineRoles.Bulk, goal: 10, aof: false)),
        new("jobs.redis.latency", "enqueue to handler's start, 100 a second, idle worker, against BullMQ", StoreChoice.Redis, static o => LatencyAsync("jobs.redis.latency", o, aof: false)),
        new("jobs.redis.cpu", "Redis' CPU time per processed job, against BullMQ", StoreChoice.Redis, CpuAsync),
        new("jobs.redis.memory", "Redis' memory per waiting job, against BullMQ", StoreChoice.Redis, MemoryAsync),
        new("jobs.redis.aof.process", "jobs.redis.process, append-only file, fsync every second", StoreChoice.Redis, static o => ProcessAsync("jobs.redis.aof.process", o, aof: true)),
        new("jobs.redis.aof.enqueue.100", "jobs.redis.enqueue.100, append-only file", StoreChoice.Redis, static o => EnqueueAsync("jobs.redis.aof.enqueue.100", o, 100, goal: 5, aof: true)),
        new("jobs.redis.aof.latency", "jobs.redis.latency, append-only file", StoreChoice.Redis, static o => LatencyAsync("jobs.redis.aof.latency", o, aof: true)),
    ];

    private static async Task<FigureLine?> ProcessAsync(string name, JobLoadOptions options, bool aof)
    {
        var (theirs, ours) = await SizedAsync(options.Seconds, async (side, jobs) => (await DrainAsync(side, aof, jobs)).Report);
        return await Turns.RatesAsync(Line(name, "1/s", goal: 10, Goals.AtLeast), options.Runs, theirs, ours);
    }

    private static async Task<FigureLine?> EnqueueAsync(string name, JobLoadOptions options, int atOnce, double goal, bool aof)
    {
        async Task<RoleReport> RunAsync(Side side)
        {
            await using var server = await StartAsync(aof);
            return await side.RunAsync("enqueue", [.. Store(server), "--at-once", Side.Text(atOnce), "--seconds", Side.Text(options.Seconds)]);
        }

        var peer = await NodePeers.BullMqAsync();
        return await Turns.RatesAsync(Line(name, "1/s", goal, Goals.AtLeast), options.Runs, () => RunAsync(peer), Ours(() => RunAsync(Side.Own)));
    }

    private static async Task<FigureLine?> LatencyAsync(string name, JobLoadOptions options, bool aof)
    {
        async Task<RoleReport> RunAsync(Side side)
        {
            await using var server = await StartAsync(aof);
            return await Latencies.RunAsync(side, Store(server), options.Seconds);
        }

        var peer = await NodePeers.BullMqAsync();
        return await Latencies.CompareAsync(Line(name, "ms", goal: 0.4, Goals.AtMost), options.Runs, () => RunAsync(peer), Ours(() => RunAsync(Side.Own)));
    }

    private static async Task<FigureLine?> CpuAsync(JobLoadOptions options)
    {
        var (theirs, ours) = await SizedAsync(options.Seconds, async (side, jobs) =>
        {
            var (report, seconds) = await DrainAsync(side, aof: false, jobs);
            return report with { ServerCpuMicroseconds = seconds * 1e6 / (jobs + Turns.Warm(jobs)) };
        });
        return await CompareAsync(
            Line("jobs.redis.cpu", "µs of Redis' CPU per job", goal: 0.08, Goals.AtMost), options.Runs, theirs, ours, static report => report.ServerCpuMicroseconds!.Value);
    }

    private static async Task<FigureLine?> MemoryAsync(JobLoadOptions options)
    {
        async Task<RoleReport> RunAsync(Side side)
        {
            await using var server = await StartAsync(aof: false);
            var before = await UsedMemoryAsync(server);
            var report = await side.RunAsync("fill", [.. Store(server), "--jobs", Side.Text(MemoryJobs)]);
            return report with { ServerBytes = (await UsedMemoryAsync(server) - before) / MemoryJobs };
        }

        var peer = await NodePeers.BullMqAsync();
        return await CompareAsync(
            Line("jobs.redis.memory", "B per waiting job", goal: 0.4, Goals.AtMost), options.Runs, () => RunAsync(peer), Ours(() => RunAsync(Side.Own)), static report => report.ServerBytes!.Value);
    }

    private static async Task<FigureLine?> CompareAsync(FigureLine line, int runs, Func<Task<RoleReport>> theirs, Func<Task<RoleReport>>? ours, Func<RoleReport, double> part)
    {
        var (other, own) = await Turns.RunAsync(line.Bench, runs, theirs, ours, report => $"{part(report).ToString("N1", CultureInfo.InvariantCulture)} {line.Unit}");
        return own is null ? null : Turns.Compare(line, other, own, part, digits: 2) with { Jobs = own[^1].Jobs, VersusJobs = other[^1].Jobs };
    }

    /// <summary>Puts jobs there, then runs them; and how much CPU time the server took for running them.</summary>
    private static async Task<(RoleReport Report, double ServerSeconds)> DrainAsync(Side side, bool aof, int jobs)
    {
        await using var server = await StartAsync(aof);
        var warm = Turns.Warm(jobs);
        await side.RunAsync("fill", [.. Store(server), "--jobs", Side.Text(warm + jobs)]);
        var before = await CpuSecondsAsync(server);
        var report = await side.RunAsync("process", [.. Store(server), "--jobs", Side.Text(jobs), "--warm", Side.Text(warm), "--concurrency", "50"]);
        return (report, await CpuSecondsAsync(server) - before);
    }

    private static async Task<(Func<Task<RoleReport>> Theirs, Func<Task<RoleReport>>? Ours)> SizedAsync(double seconds, Func<Side, int, Task<RoleReport>> run)
    {
        var peer = await NodePeers.BullMqAsync();
        var theirs = await Turns.SizedAsync(seconds, MostJobs, jobs => run(peer, jobs));
        return (theirs, StoreChoice.IsThere(StoreChoice.Redis) ? await Turns.SizedAsync(seconds, MostJobs, jobs => run(Side.Own, jobs)) : null);
    }

    private static Func<Task<RoleReport>>? Ours(Func<Task<RoleReport>> run) => StoreChoice.IsThere(StoreChoice.Redis) ? run : null;

    private static Task<RedisServer> StartAsync(bool aof) =>
        RedisServer.StartAsync(new RedisServerSetup { Arguments = aof ? ["--appendonly", "yes", "--appendfsync", "everysec"] : [] });

    private static string[] Store(RedisServer server) => ["--store", StoreChoice.Redis, "--at", server.Address];

    private static async Task<double> CpuSecondsAsync(RedisServer server)
    {
        var cpu = await server.InfoAsync("cpu");
        return double.Parse(cpu["used_cpu_sys"], CultureInfo.InvariantCulture) + double.Parse(cpu["used_cpu_user"], CultureInfo.InvariantCulture);
    }

    private static async Task<double> UsedMemoryAsync(RedisServer server) =>
        double.Parse((await server.InfoAsync("memory"))["used_memory"], CultureInfo.InvariantCulture);

    private static FigureLine Line(string name, string unit, double goal, string goalIs) =>
        new() { Bench = name, Value = 0, Unit = unit, Versus = "BullMQ 6.7.0", Goal = goal, GoalIs = goalIs };
}
