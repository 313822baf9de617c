using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Sqlite;
using Millrace.TestKit;
using Millrace.TestKit.Redis;
using Millrace.Redis;

namespace Millrace.Caching.Tests;

/// <summary>How a write-behind is registered, comes back after a restart, and lives through an outage of its store.</summary>
[Trait("req", "C-15")]
public sealed class WriteBehindRegistrationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-writes-").FullName;
    private readonly RecordingSource _source = new();

    private string File => Path.Combine(_folder, "writes.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Pending_writes_come_back_after_a_restart_before_anything_is_flushed()
    {
        _source.Refuse = static _ => "down";
        await using (var first = OnSqlite())
        {
            await first.GetRequiredService<WriteBehind<string>>().WriteAsync("k", "pending");
        }

        await using var second = OnSqlite();
        var cache = second.GetRequiredService<Cache>();
        await cache.SetAsync("k", "old", CachePolicies.Long); // what a cache that outlives processes may have
        await StartAsync(second);
        await Poll.UntilAsync(async () => await cache.Read("k", "what the source has") == "pending" ? null : "old", "the pending value is seen");
        Assert.Empty(_source.Writes);
        _source.Refuse = null;
        await Poll.UntilAsync(() => Task.FromResult(_source.Writes.Count == 1 ? null : "not flushed"), "it is flushed");

        Assert.Equal(["k=pending"], _source.Writes);
    }

    [Theory, Trait("req", "H-09")]
    [InlineData(Cache.DefaultName, "Millrace:Cache:WriteBehind:scores")]
    [InlineData("other", "Millrace:Cache:Caches:other:WriteBehind:scores")]
    public async Task Configuration_overrides_options_and_leaves_the_others(string cacheName, string section)
    {
        await using var services = Configured(cacheName, new() { [$"{section}:Delay"] = "01:00:00", [$"{section}:BatchSize"] = "7" });
        var options = services.GetRequiredKeyedService<WriteBehind<string>>("scores").Options;

        Assert.Equal((TimeSpan.FromHours(1), 7, 3), (options.Delay, options.BatchSize, options.MaximumAttempts));
    }

    [Fact, Trait("req", "H-09")]
    public async Task What_configuration_may_not_say_ends_the_start_and_is_named()
    {
        await using var services = Configured(Cache.DefaultName, new() { ["Millrace:Cache:WriteBehind:scores:BatchSize"] = "0" });
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(services));

        Assert.Contains("Millrace:Cache:WriteBehind:scores", error.Message, StringComparison.Ordinal);
        Assert.Contains("BatchSize must be from 1 to 1000", error.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Configured(string cacheName, Dictionary<string, string?> configuration)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build());
        services.AddMillraceCache(cacheName)
            .AddWriteBehind<string>("scores", static (_, _, _) => Task.CompletedTask, new WriteBehindOptions { MaximumAttempts = 3 })
            .KeepWritesInMemoryNotDurable();
        return services.BuildServiceProvider();
    }

    [Fact]
    public async Task Two_nodes_share_a_file_and_each_reads_what_the_other_wrote()
    {
        await using var one = OnSqlite();
        await using var two = OnSqlite();
        await StartAsync(one);
        await StartAsync(two);
        _source.Refuse = static _ => "down";
        for (var i = 0; i < 50; i++)
        {
            await (i % 2 == 0 ? one : two).GetRequiredService<WriteBehind<string>>().WriteAsync($"k{i}", $"{i}");
        }

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal($"{i}", await (i % 2 == 0 ? two : one).GetRequiredService<Cache>().Read($"k{i}", "what the source has"));
        }

        _source.Refuse = null;
        await Poll.UntilAsync(() => Task.FromResult(_source.Writes.Count >= 50 ? null : $"{_source.Writes.Count} flushed"), "all is flushed");
        Assert.Equal(50, _source.Writes.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task A_write_on_one_node_is_seen_on_the_other_though_their_shared_cache_had_the_old_value()
    {
        await using var server = await RedisServer.StartAsync();
        _source.Refuse = static _ => "down";
        await using var one = OnRedis(server);
        await using var two = OnRedis(server);
        await StartAsync(one);
        await StartAsync(two);
        var (here, there) = (one.GetRequiredService<Cache>(), two.GetRequiredService<Cache>());
        await Poll.UntilAsync(
            async () =>
            {
                await there.SetAsync("k", "old", CachePolicies.Long); // again: on a busy machine the second level may be late
                return (await here.Read("k", "what the source has"), await there.Read("k", "what the source has")) is ("old", "old") ? null : "not shared yet";
            },
            "both have the old value");

        await one.GetRequiredService<WriteBehind<string>>().WriteAsync("k", "new");
        Assert.Equal("new", await here.Read("k", "what the source has"));
        await Poll.UntilAsync(async () => await there.Read("k", "what the source has") is "new" ? null : "old", "the other node drops its copy");
        _source.Refuse = null;
        await Poll.UntilAsync(() => Task.FromResult(_source.Writes.Count > 0 ? null : "not flushed"), "it is flushed");
        Assert.NotEqual("old", await there.Read("k", "what the source has"));
    }

    [Fact]
    public async Task While_the_store_is_away_reads_go_to_the_source_and_keep_nothing_and_writes_fail()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--appendonly", "yes", "--appendfsync", "always"] });
        var options = new ServiceCollection();
        options.AddMillraceRedis(redis =>
        {
            redis.Endpoints.Clear();
            redis.Endpoints.Add(new RedisEndpoint("127.0.0.1", server.Port));
            redis.CommandTimeout = TimeSpan.FromMilliseconds(500);
        });
        options.AddMillraceCache().AddWriteBehind<string>("names", TakeAsync, new WriteBehindOptions { Delay = TimeSpan.FromHours(1) });
        await using var services = options.BuildServiceProvider();
        var (cache, writes) = (services.GetRequiredService<Cache>(), services.GetRequiredService<WriteBehind<string>>());
        await writes.WriteAsync("k", "pending");
        await server.KillAsync();

        Assert.Equal("what the source has", await cache.Read("k", "what the source has"));
        Assert.False(cache.TryGet<string>("k", out _));
        await Assert.ThrowsAnyAsync<RedisException>(async () => await writes.WriteAsync("other", "v"));

        await server.RestartAsync();
        await Poll.UntilAsync(async () => await cache.Read("k", "what the source has") == "pending" ? null : "not found", "the store answers again");
    }

    [Fact]
    public async Task Without_a_store_the_first_use_says_what_to_do()
    {
        var options = new ServiceCollection();
        options.AddMillraceCache().AddWriteBehind<string>("names", TakeAsync);
        await using var services = options.BuildServiceProvider();

        var error = Assert.Throws<InvalidOperationException>(services.GetRequiredService<WriteBehind<string>>);
        Assert.Contains("KeepWritesInMemoryNotDurable", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_and_options_are_checked_when_they_are_registered()
    {
        var cache = new ServiceCollection().AddMillraceCache().AddWriteBehind<string>("names", TakeAsync);

        Assert.Throws<ArgumentException>(() => cache.AddWriteBehind<int>("NAMES", static (_, _, _) => Task.CompletedTask));
        Assert.Throws<ArgumentException>(() => cache.AddWriteBehind<int>("a b", static (_, _, _) => Task.CompletedTask));
        foreach (var wrong in new[]
        {
            new WriteBehindOptions { BatchSize = 0 }, new WriteBehindOptions { MaximumConcurrency = 17 }, new WriteBehindOptions { Lease = TimeSpan.Zero },
            new WriteBehindOptions { FirstRetryDelay = TimeSpan.FromMinutes(2) }, new WriteBehindOptions { MaximumPending = 1 },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => cache.AddWriteBehind<int>("other", static (_, _, _) => Task.CompletedTask, wrong));
        }
    }

    [Fact]
    public async Task The_meter_shows_what_is_written_pending_and_flushed()
    {
        await using var services = OnSqlite(services => services.AddMetrics());
        var writes = services.GetRequiredService<WriteBehind<string>>();
        await StartAsync(services);
        await writes.WriteAsync("k", "1");
        await writes.WriteAsync("k", "2");
        await Poll.UntilAsync(() => Task.FromResult(_source.Writes.Contains("k=2") ? null : "not flushed"), "it is flushed");

        var seen = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener { InstrumentPublished = (instrument, on) => { if (instrument.Name.StartsWith("millrace.cache.writebehind", StringComparison.Ordinal) && instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>()) { on.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.Start();
        await Poll.UntilAsync(
            () =>
            {
                listener.RecordObservableInstruments();
                return Task.FromResult(seen.GetValueOrDefault("millrace.cache.writebehind.flushed") >= 1 ? null : "not counted yet");
            },
            "the flush is counted");

        Assert.Equal(2, seen["millrace.cache.writebehind.written"]);
        Assert.Equal(7, seen.Count);
    }

    private static async Task StartAsync(IServiceProvider services)
    {
        foreach (var service in services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }
    }

    private ServiceProvider OnSqlite(Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddMillraceCache()
            .AddWriteBehind<string>("names", TakeAsync, new WriteBehindOptions { Delay = TimeSpan.FromMilliseconds(10), LongestRetryDelay = TimeSpan.FromMilliseconds(500), MaximumAttempts = 1_000 })
            .KeepWritesInSqlite(File, static options => options.Synchronous = SqliteSynchronous.Normal);
        configure?.Invoke(services);
        return services.BuildServiceProvider();
    }

    private ServiceProvider OnRedis(RedisServer server)
    {
        var services = new ServiceCollection();
        services.AddMillraceCache().UseRedis(server.Address)
            .AddWriteBehind<string>("names", TakeAsync, new WriteBehindOptions { Delay = TimeSpan.FromMilliseconds(10), LongestRetryDelay = TimeSpan.FromMilliseconds(500), MaximumAttempts = 1_000 });
        return services.BuildServiceProvider();
    }

    private Task TakeAsync(IServiceProvider services, IReadOnlyList<WriteBehindWrite<string>> writes, CancellationToken cancellationToken) =>
        _source.TakeAsync(TimeProvider.System, writes, cancellationToken);
}
