using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.TestKit;

namespace Millrace.Caching.Tests;

public sealed class RegistrationTests
{
    [Fact, Trait("req", "C-22")]
    public async Task The_default_cache_is_the_HybridCache()
    {
        var services = new ServiceCollection();
        services.AddMillraceCache();
        services.AddMillraceCache(o => o.EntryLimit = 7);
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        Assert.Same(cache, provider.GetRequiredService<HybridCache>());
        Assert.Same(cache, provider.GetRequiredKeyedService<Cache>("default"));
        Assert.Same(cache, Assert.Single(provider.GetRequiredService<CacheRegistry>().Caches));
        Assert.Equal(7, cache.GetStatistics().EntryLimit);
        Assert.Single(provider.GetServices<HybridCache>());
    }

    [Fact, Trait("req", "C-23")]
    public async Task Named_caches_have_nothing_in_common()
    {
        var services = new ServiceCollection();
        services.AddMillraceCache();
        services.AddMillraceCache("sessions", o => o.SizeLimitBytes = 1024 * 1024);
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        var sessions = provider.GetRequiredKeyedService<Cache>("sessions");
        Assert.Same(sessions, provider.GetRequiredKeyedService<HybridCache>("sessions"));
        await cache.Read("k", "default", "t");
        await sessions.Read("k", "session", "t");
        await cache.RemoveByTagAsync("t");
        Assert.False(cache.TryGet<string>("k", out _));
        Assert.True(sessions.TryGet<string>("k", out var value));
        Assert.Equal("session", value);
        Assert.Equal(1024 * 1024, sessions.GetStatistics().SizeLimitBytes);
        Assert.Equal(["default", "sessions"], provider.GetRequiredService<CacheRegistry>().Caches.Select(c => c.Name));
        var error = Assert.Throws<KeyNotFoundException>(() => provider.GetRequiredService<CacheRegistry>().Get("session"));
        Assert.Contains("default, sessions", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => services.AddMillraceCache("no spaces"));
    }

    [Fact, Trait("req", "C-06")]
    public async Task Configuration_sets_options_and_overrides_policies_by_name()
    {
        var clock = new FakeClock();
        var services = Configured(new()
        {
            ["Millrace:Cache:EntryLimit"] = "12",
            ["Millrace:Cache:Policies:ProjectDetail:Expiration"] = "00:30:00",
            ["Millrace:Cache:Policies:default:SlidingExpiration"] = "00:01:00",
            ["Millrace:Cache:Caches:sessions:EntryLimit"] = "34",
        });
        services.AddSingleton<TimeProvider>(clock);
        services.AddMillraceCache(o => o.EntryLimit = 99);
        services.AddMillraceCache("sessions");
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        Assert.Equal(12, cache.GetStatistics().EntryLimit);
        Assert.Equal(34, provider.GetRequiredKeyedService<Cache>("sessions").GetStatistics().EntryLimit);

        await cache.SetAsync("k", "v", new CachePolicy("projectdetail", TimeSpan.FromMinutes(1)));
        await cache.SetAsync("unnamed", "v", new CachePolicy { Expiration = TimeSpan.FromMinutes(1) });
        await cache.SetAsync("default", "v");
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(cache.TryGet<string>("k", out _));
        Assert.False(cache.TryGet<string>("unnamed", out _));
        Assert.False(cache.TryGet<string>("default", out _));
        clock.Advance(TimeSpan.FromMinutes(29));
        Assert.False(cache.TryGet<string>("k", out _));
    }

    [Fact, Trait("req", "H-09")]
    public async Task Bad_options_stop_the_host_with_every_fault_named()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Cache:SizeLimitBytes"] = "10",
            ["Millrace:Cache:Policies:Slow:Expiration"] = "-00:00:01",
            ["Millrace:Cache:Policies:Slow:Jitter"] = "2",
            ["Millrace:Cache:Caches:sessions:EntryLimit"] = "0",
        });
        builder.Services.AddMillraceCache();
        builder.Services.AddMillraceCache("sessions");
        using var host = builder.Build();
        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        var text = error.ToString();
        Assert.Contains("Millrace:Cache:SizeLimitBytes is 10; it must be from 65536 to 1099511627776.", text, StringComparison.Ordinal);
        Assert.Contains("Millrace:Cache:Policies:Slow:Expiration is -00:00:01; it must be greater than zero", text, StringComparison.Ordinal);
        Assert.Contains("Millrace:Cache:Policies:Slow:Jitter is 2; it is a share from 0 to 0.5.", text, StringComparison.Ordinal);
        Assert.Contains("Millrace:Cache:Caches:sessions:EntryLimit is 0; it must be from 1 to 100000000.", text, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "H-09")]
    public void Bad_options_in_code_are_refused_too()
    {
        var error = Assert.Throws<OptionsValidationException>(() => new Cache(new CacheOptions { EntryLimit = -1 }));
        Assert.Contains("EntryLimit is -1", error.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "C-11")]
    public async Task An_event_invalidates_what_its_rules_say_on_the_caches_they_are_declared_on()
    {
        var services = new ServiceCollection();
        services.AddMillraceCache()
            .InvalidateOn<TaskUpdated>(e => e.Key(x => $"task:{x.Task}").Tag(x => $"project:{x.Project}"))
            .InvalidateOn<Reset>(e => e.Everything());
        services.AddMillraceCache("output").InvalidateOn<ProjectEvent>(e => e.Tags(x => [$"project:{x.Project}", "projects"]).Keys(x => ["home"]));
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        var output = provider.GetRequiredKeyedService<Cache>("output");
        async Task Fill()
        {
            await cache.Read("task:1", "v");
            await cache.Read("task:2", "v");
            await cache.Read("project", "v", "project:9");
            await output.Read("page", "v", "projects");
            await output.Read("home", "v");
            await output.Read("about", "v");
        }

        await Fill();
        await output.InvalidateAsync(new TaskUpdated(1, 9));
        Assert.Equal(["task:2"], Present(cache, "task:1", "task:2", "project"));
        Assert.Equal(["about"], Present(output, "page", "home", "about"));

        await Fill();
        await cache.InvalidateAsync(new ProjectEvent(8));
        Assert.Equal(["task:1", "task:2", "project"], Present(cache, "task:1", "task:2", "project"));
        Assert.Equal(["about"], Present(output, "page", "home", "about"));

        await cache.InvalidateAsync(new Reset());
        Assert.Empty(Present(cache, "task:1", "task:2", "project"));
        await cache.InvalidateAsync("an event without rules");
    }

    [Fact, Trait("req", "C-11")]
    public async Task A_rule_that_fails_is_reported_after_all_others_ran()
    {
        var services = new ServiceCollection();
        services.AddMillraceCache()
            .InvalidateOn<Reset>(e => e.Key(_ => ""))
            .InvalidateOn<Reset>(e => e.Key(_ => "k"));
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        await cache.Read("k", "v");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.InvalidateAsync(new Reset()));
        Assert.Contains("Reset", error.Message, StringComparison.Ordinal);
        Assert.False(cache.TryGet<string>("k", out _));
        Assert.Throws<ArgumentException>(() => services.AddMillraceCache().InvalidateOn<Reset>(_ => { }));
    }

    [Fact, Trait("req", "C-18")]
    public async Task Warmers_are_listed_and_run_on_demand_in_a_scope_of_their_own()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddScoped<Source>();
        services.AddMillraceCache().AddWarmer("home", async (provider, cache, token) =>
        {
            await cache.SetAsync("home", provider.GetRequiredService<Source>().Name, CachePolicies.Short, cancellationToken: token);
            return 1;
        });
        services.AddMillraceCache("output").AddWarmer("broken", (_, _, _) => throw new TimeoutException("no source\nat all"));
        await using var provider = services.BuildServiceProvider();
        var warming = provider.GetRequiredService<CacheWarming>();
        Assert.Equal([new("broken", "output", null), new CacheWarmer("home", "default", null)], warming.Warmers);

        var run = await warming.WarmAsync("HOME");
        Assert.Equal((true, 1, "default"), (run.Succeeded, run.Entries, run.CacheName));
        Assert.True(provider.GetRequiredService<Cache>().TryGet<string>("home", out _));
        Assert.Equal(run, warming.Warmers[1].LastRun);

        var runs = await warming.WarmAllAsync();
        Assert.Equal([false, true], runs.Select(r => r.Succeeded));
        Assert.Equal("TimeoutException: no source at all", runs[0].Failure);
        Assert.Single(await warming.WarmAllAsync("output"));
        await Assert.ThrowsAsync<KeyNotFoundException>(async () => await warming.WarmAsync("cold"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await warming.WarmAsync("home", new CancellationToken(canceled: true)));
    }

    [Fact, Trait("req", "C-18")]
    public async Task Two_warmers_of_one_name_are_refused()
    {
        var services = new ServiceCollection();
        services.AddMillraceCache().AddWarmer("home", (_, _, _) => ValueTask.FromResult(0)).AddWarmer("Home", (_, _, _) => ValueTask.FromResult(0));
        await using var provider = services.BuildServiceProvider();
        Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<CacheWarming>());
    }

    private static ServiceCollection Configured(Dictionary<string, string?> settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return services;
    }

    private static List<string> Present(Cache cache, params string[] keys) => [.. keys.Where(key => cache.TryGet<string>(key, out _))];

    private record ProjectEvent(int Project);

    private sealed record TaskUpdated(int Task, int Project) : ProjectEvent(Project);

    private sealed record Reset;

    private sealed class Source
    {
        public string Name { get; } = "scoped";
    }
}
