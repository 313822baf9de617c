using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.WarmUp;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.WarmUp;

[Trait("req", "C-18")]
public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Midnight = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_start_does_not_wait_for_warmers_and_those_of_high_priority_go_first()
    {
        var clock = new FakeClock();
        var ran = new ConcurrentQueue<string>();
        using var host = Make(clock, cache => cache
            .AddWarmer("low", Note(ran, clock, "low"), plan => (plan.OnStart, plan.Priority) = (true, CacheWarmingPriority.Low))
            .AddWarmer("high", Note(ran, clock, "high"), plan => (plan.OnStart, plan.Priority, plan.RequiredForReadiness) = (true, CacheWarmingPriority.High, true))
            .AddWarmer("off", Note(ran, clock, "off"), plan => (plan.OnStart, plan.Enabled, plan.RequiredForReadiness) = (true, false, true)));
        await host.StartAsync();
        var warming = host.Services.GetRequiredService<CacheWarming>();
        await clock.WaitForTimersAsync(1).WaitAsync(Caches.Guard);

        Assert.Empty(ran);
        Assert.False(warming.IsReady);
        Assert.Equal(Midnight.AddSeconds(5), warming.Warmers.Single(warmer => warmer.Name == "low").NextRunAt);
        clock.Advance(TimeSpan.FromSeconds(5));
        await Until(() => warming.Warmers.Sum(warmer => warmer.Runs) == 2);

        Assert.Equal(["high at 5", "low at 5"], ran);
        Assert.True(warming.IsReady);
        Assert.All(warming.Warmers, warmer => Assert.Null(warmer.NextRunAt));
        await host.StopAsync();
    }

    [Fact]
    public async Task An_interval_counts_from_the_start_of_the_last_run_and_what_was_missed_is_not_made_up_for()
    {
        var clock = new FakeClock();
        var (times, gate) = (new ConcurrentQueue<double>(), new SemaphoreSlim(0));
        using var host = Make(clock, cache => cache.AddWarmer(
            "w",
            async (_, _, token) =>
            {
                times.Enqueue((clock.GetUtcNow() - Midnight).TotalMinutes);
                await gate.WaitAsync(token);
                return 1;
            },
            plan => (plan.Interval, plan.RunTimeout) = (TimeSpan.FromMinutes(30), TimeSpan.FromHours(12))));
        await host.StartAsync();
        var warmer = () => host.Services.GetRequiredService<CacheWarming>().Warmers[0];
        await Until(() => warmer().NextRunAt == Midnight.AddMinutes(30));
        await clock.WaitForTimersAsync(1);

        clock.Advance(TimeSpan.FromMinutes(30));
        await Until(() => times.Count == 1);
        clock.Advance(TimeSpan.FromMinutes(100)); // it is still running: three more were due
        gate.Release();
        await Until(() => times.Count == 2);
        gate.Release();
        await Until(() => warmer().Runs == 2 && warmer().NextRunAt == Midnight.AddMinutes(160));

        Assert.Equal([30, 130], times);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_run_that_fails_does_not_end_the_schedule()
    {
        var clock = new FakeClock();
        using var host = Make(clock, cache => cache.AddWarmer(
            "w", (_, _, _) => throw new TimeoutException("no source"), plan => (plan.Interval, plan.Attempts) = (TimeSpan.FromHours(4), 1)));
        await host.StartAsync();
        var warming = host.Services.GetRequiredService<CacheWarming>();
        for (var run = 1; run <= 3; run++)
        {
            await Until(() => warming.Warmers[0].NextRunAt == Midnight.AddHours(4 * run));
            await clock.WaitForTimersAsync(1).WaitAsync(Caches.Guard);
            clock.Advance(TimeSpan.FromHours(4));
            await Until(() => warming.Warmers[0].FailedRuns == run);
        }

        await host.StopAsync();
    }

    [Fact]
    public async Task The_end_of_the_host_ends_a_run()
    {
        var clock = new FakeClock();
        var started = new TaskCompletionSource();
        using var host = Make(clock, cache => cache.AddWarmer(
            "w",
            async (_, _, token) =>
            {
                started.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                return 1;
            },
            plan => (plan.OnStart, plan.StartDelay) = (true, TimeSpan.Zero)));
        await host.StartAsync();
        await started.Task.WaitAsync(Caches.Guard);
        var warming = host.Services.GetRequiredService<CacheWarming>();

        await host.StopAsync().WaitAsync(Caches.Guard);

        await Until(() => warming.Runs[0].Outcome == CacheWarmingOutcome.Cancelled);
    }

    [Theory]
    [InlineData("2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z")]
    [InlineData("2026-01-01T02:00:00Z", "2026-01-02T02:00:00Z")]
    [InlineData("2026-01-01T23:59:59Z", "2026-01-02T02:00:00Z")]
    public void A_daily_time_is_the_next_one(string now, string next) =>
        Assert.Equal(Time(next), NextRun.After(new CacheWarmerPlan { DailyAt = new TimeOnly(2, 0) }, Time(now), lastStart: null));

    [Theory]
    [InlineData("2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z")] // 02:30 is skipped that night: 03:00 in Berlin
    [InlineData("2026-03-29T12:00:00Z", "2026-03-30T00:30:00Z")]
    [InlineData("2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")] // 02:30 comes twice: the first
    [InlineData("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")] // and not the second
    public void A_daily_time_keeps_to_the_clocks_of_its_zone(string now, string next) =>
        Assert.Equal(Time(next), NextRun.After(new CacheWarmerPlan { DailyAt = new TimeOnly(2, 30), TimeZone = "Europe/Berlin" }, Time(now), lastStart: null));

    [Theory]
    [InlineData("2026-01-01T09:00:00Z", 0, "2026-01-01T10:00:00Z")]
    [InlineData("2026-01-01T09:54:00Z", 5, "2026-01-01T09:55:00Z")]
    [InlineData("2026-01-01T09:55:00Z", 5, "2026-01-01T10:55:00Z")]
    public void The_turn_of_the_hour_may_be_anticipated(string now, int lead, string next) =>
        Assert.Equal(Time(next), NextRun.After(new CacheWarmerPlan { BeforeHour = TimeSpan.FromMinutes(lead) }, Time(now), lastStart: null));

    [Fact]
    public async Task Configuration_has_the_last_word_and_every_fault_stops_the_host()
    {
        await using var warmth = Warmth.With(
            cache => cache.AddWarmer("home", Warmth.Find(9), Warmth.Store, plan => plan.BatchSize = 9),
            settings: new()
            {
                ["Millrace:Cache:Warmers:home:BatchSize"] = "3",
                ["Millrace:Cache:Warmers:home:Priority"] = "High",
                ["Millrace:Cache:Warmers:home:DailyAt"] = "02:00",
            });
        Assert.Equal(3, (await warmth.Warming.WarmAsync("home")).Batches);
        Assert.Equal(CacheWarmingPriority.High, warmth.Warming.Warmers[0].Priority);

        using var host = Make(
            new FakeClock(),
            cache => cache
                .AddUserWarmer("u", Warmth.Find(0), Warmth.Store, plan => plan.OnStart = true),
            new()
            {
                ["Millrace:Cache:Warmers:u:BatchSize"] = "1001",
                ["Millrace:Cache:Warmers:u:MaximumConcurrency"] = "65",
                ["Millrace:Cache:Warmers:u:EvictionShare"] = "1.5",
                ["Millrace:Cache:Warmers:u:Interval"] = "00:00:00",
                ["Millrace:Cache:Warmers:u:TimeZone"] = "Nowhere",
            });
        var error = (await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync())).ToString();
        Assert.Contains("Millrace:Cache:Warmers:u: BatchSize is 1001; it must be from 1 to 1000.", error, StringComparison.Ordinal);
        Assert.Contains("MaximumConcurrency is 65", error, StringComparison.Ordinal);
        Assert.Contains("EvictionShare is 1.5", error, StringComparison.Ordinal);
        Assert.Contains("Interval is 00:00:00; it must be from 00:00:01", error, StringComparison.Ordinal);
        Assert.Contains("TimeZone is 'Nowhere'", error, StringComparison.Ordinal);
        Assert.Contains("no Users to run for", error, StringComparison.Ordinal);
    }

    [Theory, Trait("req", "H-09")]
    [InlineData(null, null, true)]
    [InlineData("true", null, true)]
    [InlineData("off", null, false)]
    [InlineData("off", "true", true)]
    [InlineData("on", "false", false)]
    public async Task ENABLE_BACKGROUND_WARMING_switches_every_warmer_unless_its_section_says_otherwise(string? variable, string? section, bool isEnabled)
    {
        Dictionary<string, string?> settings = new() { ["ENABLE_BACKGROUND_WARMING"] = variable };
        if (section is not null)
        {
            settings["Millrace:Cache:Warmers:home:Enabled"] = section;
        }

        await using var warmth = Warmth.With(static cache => cache.AddWarmer("home", Warmth.Find(1), Warmth.Store, static plan => plan.OnStart = true), settings: settings);

        Assert.Equal(isEnabled, warmth.Warming.All.Single().Plan.Enabled);
        Assert.Equal(CacheWarmingOutcome.Succeeded, (await warmth.Warming.WarmAsync("home")).Outcome); // on demand it runs in any case
    }

    [Fact, Trait("req", "H-09")]
    public async Task A_wrong_ENABLE_BACKGROUND_WARMING_stops_the_host_and_is_named()
    {
        using var host = Make(
            new FakeClock(), static cache => cache.AddWarmer("home", Warmth.Find(1), Warmth.Store, static plan => plan.OnStart = true), new() { ["ENABLE_BACKGROUND_WARMING"] = "maybe" });
        var error = (await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync())).ToString();

        Assert.Contains("ENABLE_BACKGROUND_WARMING is 'maybe'; it must be true or false.", error, StringComparison.Ordinal);
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static Func<IServiceProvider, Cache, CancellationToken, ValueTask<int>> Note(ConcurrentQueue<string> ran, FakeClock clock, string name) => (_, _, _) =>
    {
        ran.Enqueue($"{name} at {(clock.GetUtcNow() - Midnight).TotalSeconds:0}");
        return ValueTask.FromResult(1);
    };

    private static Task Until(Func<bool> isSo) => Poll.UntilAsync(() => Task.FromResult(isSo() ? null : "not yet"), "the schedule has got there");

    private static IHost Make(FakeClock clock, Action<CacheBuilder> declare, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.Services.AddSingleton<TimeProvider>(clock);
        declare(builder.Services.AddMillraceCache());
        return builder.Build();
    }
}
