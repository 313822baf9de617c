using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.WarmUp.Prediction;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.WarmUp;

[Trait("req", "C-19")]
public sealed class PredictionTests
{
    private static readonly CachePolicy HalfAnHour = new() { Expiration = TimeSpan.FromMinutes(30) };

    [Fact]
    public async Task Keys_are_warmed_at_the_turn_of_the_hour_in_which_they_will_be_read()
    {
        var (clock, loaded) = (new FakeClock(), new ConcurrentQueue<string>());
        using var host = Make(clock, plan => Load(plan, loaded).Exclude("page:secret*"));
        await host.StartAsync();
        var cache = host.Services.GetRequiredService<Cache>();
        for (var hour = 0; hour < (7 * 24) + 9; hour++)
        {
            if (hour == (7 * 24) + 8)
            {
                loaded.Clear();
            }

            await ReadAsync(cache, "page:home", "page:secret:1", "other:1", $"page:at:{hour % 24}");
            await TurnAsync(host, clock, hour + 1);
        }

        Assert.Contains("page:at:9", loaded);
        Assert.DoesNotContain("page:at:20", loaded);
        Assert.DoesNotContain(loaded, key => key.StartsWith("page:secret", StringComparison.Ordinal) || key.StartsWith("other", StringComparison.Ordinal));
        var misses = cache.GetStatistics().FactoryRuns;
        await ReadAsync(cache, "page:at:9", "page:home");
        Assert.Equal(misses, cache.GetStatistics().FactoryRuns); // both were there
        await host.StopAsync();
    }

    [Fact]
    public async Task What_is_warmed_and_not_read_is_not_taken_for_read()
    {
        var (clock, loaded) = (new FakeClock(), new ConcurrentQueue<string>());
        using var host = Make(clock, plan => Load(plan, loaded));
        await host.StartAsync();
        var cache = host.Services.GetRequiredService<Cache>();
        for (var hour = 0; hour < 24; hour++)
        {
            await ReadAsync(cache, "page:home");
            await TurnAsync(host, clock, hour + 1);
        }

        Assert.NotEmpty(loaded);
        for (var hour = 24; hour < 15 * 24; hour++)
        {
            await TurnAsync(host, clock, hour + 1);
        }

        loaded.Clear();
        await TurnAsync(host, clock, (15 * 24) + 1);
        Assert.Empty(loaded);
        await host.StopAsync();
    }

    [Fact]
    public async Task One_key_that_cannot_be_made_leaves_the_others_to_be_warmed()
    {
        var clock = new EagerClock(TimeSpan.FromSeconds(30));
        await using var warmth = Warmth.With(
            cache => cache.AddPredictiveWarming(plan => plan.Load<string>(
                "k:*", (_, key, _) => key == "k:3" ? throw new TimeoutException("no source") : ValueTask.FromResult(key), HalfAnHour)),
            clock);
        for (var hour = 0; hour < 12; hour++)
        {
            await ReadAsync(warmth.Cache, [.. Enumerable.Range(0, 6).Select(i => $"k:{i}")]);
            clock.Inner.Advance(TimeSpan.FromHours(1));
            warmth.Cache.Reads!.Advance(); // as the host does at each hour's turn
        }

        var run = await warmth.Warming.WarmAsync("predicted");

        Assert.Equal((CacheWarmingOutcome.Partial, 5, 2), (run.Outcome, run.Entries, run.Retries));
        Assert.Contains("1 of 6 entries could not be filled; the last: TimeoutException: no source", run.Failure, StringComparison.Ordinal);
        Assert.True(warmth.Cache.TryGet<string>("k:5", out _));
    }

    [Fact]
    public async Task What_was_learned_outlives_the_process_and_a_damaged_file_does_not_keep_it_from_starting()
    {
        var folder = Directory.CreateTempSubdirectory("millrace-");
        try
        {
            var file = Path.Combine(folder.FullName, "sub", "learned.bin");
            var (clock, loaded) = (new FakeClock(), new ConcurrentQueue<string>());
            using (var first = Make(clock, plan => Load(plan, loaded).File = file))
            {
                await first.StartAsync();
                for (var hour = 0; hour < 12; hour++)
                {
                    await ReadAsync(first.Services.GetRequiredService<Cache>(), "page:home");
                    await TurnAsync(first, clock, hour + 1);
                }

                await Until(() => File.Exists(file)); // not only at the end
                await first.StopAsync();
            }

            loaded.Clear();
            using (var second = Make(clock, plan => Load(plan, loaded).File = file))
            {
                await second.StartAsync();
                await second.Services.GetRequiredService<CacheWarming>().WarmAsync("predicted");
                Assert.Equal("page:home", Assert.Single(loaded));
                await second.StopAsync();
            }

            await File.WriteAllTextAsync(file, "MLRLEARN and then nonsense that is long enough to have a check sum");
            loaded.Clear();
            using var third = Make(clock, plan => Load(plan, loaded).File = file);
            await third.StartAsync();
            await third.Services.GetRequiredService<CacheWarming>().WarmAsync("predicted");
            Assert.Empty(loaded);
            await third.StopAsync();
            Assert.NotNull(LearnedState.TryRead(await File.ReadAllBytesAsync(file), out _)); // replaced
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(file)!));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Hearing_a_read_again_costs_no_allocation_and_every_way_to_read_is_heard()
    {
        var (clock, heard) = (new FakeClock(), new List<string>());
        var learner = new KeyLearner(4096);
        var recorder = new AccessRecorder(
            learner,
            key =>
            {
                heard.Add(key);
                return true;
            },
            clock);
        recorder.Heard("k:1");
        recorder.Heard("k:1".AsSpan());
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            recorder.Heard("k:1");
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal("k:1", Assert.Single(heard));
        clock.Advance(TimeSpan.FromHours(1));
        recorder.Advance();
        recorder.Heard("k:1");
        Assert.Equal(2, heard.Count);

        await using var warmth = Warmth.With(cache => cache.AddPredictiveWarming(plan => Load(plan, new()).MinimumProbability = 0), clock);
        await warmth.Cache.GetOrCreateAsync("page:a", static _ => ValueTask.FromResult("v"), HalfAnHour);
        var b = "b";
        await warmth.Cache.GetOrCreateAsync($"page:{b}", static _ => ValueTask.FromResult("v"), HalfAnHour);
        await ((Microsoft.Extensions.Caching.Hybrid.HybridCache)warmth.Cache).GetOrCreateAsync("page:c", static _ => ValueTask.FromResult("v"));
        await warmth.Cache.GetOrCreateAsync("page:d".AsSpan(), 0, static (_, _) => ValueTask.FromResult("v"), options: null);
        warmth.Cache.TryGet<string>("page:e", out _);
        clock.Advance(TimeSpan.FromHours(1));
        var run = await warmth.Warming.WarmAsync("predicted");
        Assert.Equal(5, run.Candidates);
    }

    [Fact]
    public async Task Many_readers_at_once_never_wait_and_lose_no_key_for_good()
    {
        var (clock, learner) = (new FakeClock(), new KeyLearner(4096));
        var recorder = new AccessRecorder(learner, static _ => true, clock);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(reader => Task.Run(() =>
        {
            var random = new Random(reader);
            for (var i = 0; i < 200_000; i++)
            {
                recorder.Heard($"k:{random.Next(1000)}");
                if (i % 50_000 == 0)
                {
                    recorder.Predict(clock.GetUtcNow(), 10, 0);
                }
            }
        })));

        Assert.Equal(1000, recorder.With(static learner => learner.Count));
    }

    [Fact]
    public void A_plan_that_cannot_work_is_refused()
    {
        static void Declare(Action<CachePredictionPlan> plan) => new ServiceCollection().AddMillraceCache().AddPredictiveWarming(plan);
        Assert.Contains("nothing to load", Assert.Throws<ArgumentException>(() => Declare(_ => { })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Declare(plan => Load(plan, new()).KeysPerHour = 0));
        Assert.Throws<ArgumentException>(() => Declare(plan => Load(plan, new()).MinimumProbability = double.NaN));
        Assert.Throws<ArgumentException>(() => Declare(plan => Load(plan, new()).LeadTime = TimeSpan.FromMinutes(31)));
        Assert.Throws<ArgumentException>(() => Declare(plan => Load(plan, new()).TrackedKeys = 255));
        Assert.Throws<ArgumentException>(() => Declare(plan => Load(plan, new()).File = " "));
        var services = new ServiceCollection();
        services.AddMillraceCache().AddPredictiveWarming(plan => Load(plan, new()));
        services.AddMillraceCache("sessions").AddPredictiveWarming(plan => Load(plan, new()));
        Assert.Throws<InvalidOperationException>(() => services.AddMillraceCache().AddPredictiveWarming(plan => Load(plan, new())));
        using var provider = services.AddSingleton<TimeProvider>(new FakeClock()).BuildServiceProvider();
        Assert.Equal(["predicted", "predicted.sessions"], provider.GetRequiredService<CacheWarming>().Warmers.Select(warmer => warmer.Name));
    }

    private static CachePredictionPlan Load(CachePredictionPlan plan, ConcurrentQueue<string> loaded) => plan.Load(
        "page:*",
        (_, key, _) =>
        {
            loaded.Enqueue(key);
            return ValueTask.FromResult("warm");
        },
        HalfAnHour);

    private static async Task ReadAsync(Cache cache, params string[] keys)
    {
        foreach (var key in keys)
        {
            await cache.GetOrCreateAsync(key, static _ => ValueTask.FromResult("cold"), HalfAnHour);
        }
    }

    /// <summary>Moves on to a full hour, and waits until what is due then is done.</summary>
    private static async Task TurnAsync(IHost host, FakeClock clock, int hours)
    {
        var turn = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddHours(hours);
        var warming = host.Services.GetRequiredService<CacheWarming>();
        await Until(() => warming.Warmers[0].NextRunAt == turn && clock.TimersDueAt(turn) >= 2); // the schedule sleeps, and the turn of the hours; the cache's timer does not count
        clock.Advance(turn - clock.GetUtcNow());
        await Until(() => warming.Warmers[0].Runs == hours);
    }

    private static Task Until(Func<bool> isSo) =>
        isSo() ? Task.CompletedTask : Poll.UntilAsync(() => Task.FromResult(isSo() ? null : "not yet"), "the schedule has got there");

    private static IHost Make(FakeClock clock, Action<CachePredictionPlan> plan)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddMillraceCache().AddPredictiveWarming(plan);
        return builder.Build();
    }
}
