using System.Text.RegularExpressions;
using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.Redis;
using Millrace.TestKit.Jobs;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>Schedules on Redis, fired by many processes and through failures.</summary>
[Trait("req", "J-04"), Collection(HeavyCollection.Name)]
public sealed partial class ScheduleTests(SharedRedis shared) : IClassFixture<SharedRedis>
{
    private const int Hosts = 80;
    private const int Ticks = 5;
    private const int Fired = 2040;

    private readonly string _prefix = $"t{Guid.NewGuid():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact, Trait("peer", "9")]
    public async Task Eighty_processes_fire_each_tick_once()
    {
        var clients = new List<RedisClient>();
        var stores = new List<RedisJobStore>();
        var engines = new List<RealEngine>();
        try
        {
            for (var host = 0; host < Hosts; host++)
            {
                clients.Add(await RedisClients.ConnectAsync(shared.Server.Address));
                stores.Add(new RedisJobStore(clients[host], _prefix, TimeProvider.System));
                engines.Add(await RealEngine.StartAsync(stores[host], options => options.RunWorkers = host == 0, EverySecond));
            }

            await UntilTicksAsync(engines[0], Ticks);
        }
        finally
        {
            await Task.WhenAll(engines.Select(static engine => engine.DisposeAsync().AsTask()));
            await Task.WhenAll(stores.Select(static store => store.DisposeAsync().AsTask()));
            await Task.WhenAll(clients.Select(static client => client.DisposeAsync().AsTask()));
        }

        var fired = FiredBy(engines);
        await using var left = new RedisJobStore(shared.Client, _prefix, TimeProvider.System);
        var jobs = (await left.ListAsync(new JobQuery { Tag = "tick", PageSize = 500 }, Token)).Jobs;
        Assert.True(fired.Count >= Ticks);
        Assert.Equal(fired.Count, fired.Select(static one => one.Tick).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(fired.Select(static one => one.Id).Order(StringComparer.Ordinal), jobs.Select(static job => job.Id).Order(StringComparer.Ordinal));
    }

    [Fact, Trait("peer", "9")]
    public async Task A_schedule_goes_on_after_Redis_was_killed_and_restarted()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--appendonly", "yes", "--appendfsync", "always"] });
        await using var one = await RedisClients.ConnectAsync(server.Address);
        await using var two = await RedisClients.ConnectAsync(server.Address);
        await using var storeOne = new RedisJobStore(one, "jobs", TimeProvider.System);
        await using var storeTwo = new RedisJobStore(two, "jobs", TimeProvider.System);
        await using var engineOne = await RealEngine.StartAsync(storeOne, configure: EverySecond);
        await using var engineTwo = await RealEngine.StartAsync(storeTwo, configure: EverySecond);
        for (var restart = 0; restart < 3; restart++)
        {
            var before = FiredBy([engineOne, engineTwo]).Count;
            await server.RestartAsync();
            await Turn.UntilAsync(() => FiredBy([engineOne, engineTwo]).Count > before + 1);
        }

        var fired = FiredBy([engineOne, engineTwo]);
        Assert.Equal(fired.Count, fired.Select(static one => one.Tick).Distinct(StringComparer.Ordinal).Count());
    }

    [Theory, Trait("peer", "14")]
    [InlineData(StoreFault.Before)]
    [InlineData(StoreFault.After)]
    public async Task A_schedule_goes_on_when_every_other_call_for_it_fails(StoreFault fault)
    {
        var failing = false; // a start on a store that fails is a failed start
        var chance = new Random(14); // a strict count could fall into step with the loop and hit the same call for ever
        StoreFault Choose(string operation)
        {
            lock (chance)
            {
                return Volatile.Read(ref failing) && operation is "FireSchedule" or "GetDueSchedules" && chance.Next(2) == 0 ? fault : StoreFault.None;
            }
        }

        await using var store = new RedisJobStore(shared.Client, _prefix, TimeProvider.System);
        var faulting = new FaultingJobStore(store, Choose);
        DateTimeOffset begun;
        await using (var engine = await RealEngine.StartAsync(faulting, configure: EverySecond))
        {
            begun = await shared.Client.TimeAsync(Token);
            Volatile.Write(ref failing, true);
            await UntilTicksAsync(engine, Ticks);
        }

        var ended = Assert.Single(await store.GetSchedulesAsync(Token));
        var jobs = (await store.ListAsync(new JobQuery { Tag = "tick", PageSize = 500 }, Token)).Jobs;
        Assert.True(jobs.Count >= Ticks);
        Assert.True(jobs.Count <= (ended.LastAt!.Value - begun).TotalSeconds + 2); // ticks are whole seconds, and the first may be over by then
        Assert.All(jobs, static job => Assert.Equal(1, job.Attempt));
    }

    private static void EverySecond(JobsBuilder jobs) =>
        jobs.AddSchedule("every-second", "* * * * * *", new Work("tick"), configure: static options => options.Tag("tick"));

    private static Task UntilTicksAsync(RealEngine engine, int count) =>
        Turn.UntilAsync(() => engine.Changes.Changes.Count(static change => change.State == JobState.Completed && change.Tags.Contains("tick")) >= count);

    private static List<(string Tick, string Id)> FiredBy(IEnumerable<RealEngine> engines) =>
    [
        .. engines.SelectMany(static engine => engine.Logs.Entries).Where(static entry => entry.Id == Fired)
            .Select(static entry => Line().Match(entry.Text)).Select(static match => (match.Groups[1].Value, match.Groups[2].Value)),
    ];

    [GeneratedRegex("its tick of (.+) as job (.+)\\.$", RegexOptions.None, 1000)]
    private static partial Regex Line();
}
