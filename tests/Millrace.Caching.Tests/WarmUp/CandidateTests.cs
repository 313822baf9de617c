using System.Collections.Concurrent;

namespace Millrace.Caching.Tests.WarmUp;

[Trait("req", "C-18")]
public sealed class CandidateTests
{
    private static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_most_active_come_first_and_among_equals_the_most_recently_updated()
    {
        var batches = new ConcurrentQueue<string[]>();
        await using var warmth = Warmth.With(cache => cache.AddWarmer(
            "w",
            Warmth.Find(new("old", 5, Day), new("quiet", 1, Day.AddDays(9)), new("new", 5, Day.AddDays(1)), new("busy", 7), new("b", 1), new("a", 1)),
            Warmth.Note(batches),
            plan => (plan.BatchSize, plan.MaximumConcurrency) = (2, 1)));

        var run = await warmth.Warming.WarmAsync("w");

        Assert.Equal([["busy", "new"], ["old", "quiet"], ["a", "b"]], batches);
        Assert.Equal((CacheWarmingOutcome.Succeeded, 6, 6, 6, 6, 3, 100.0), (run.Outcome, run.Candidates, run.Total, run.Done, run.Entries, run.Batches, run.Percent));
        Assert.True(warmth.Cache.TryGet<string>("busy", out _));
    }

    [Fact]
    public async Task A_budget_of_entries_leaves_out_the_least_active_and_a_key_named_twice_counts_once_at_its_best()
    {
        var batches = new ConcurrentQueue<string[]>();
        var many = Enumerable.Range(0, 5000).Select(i => new CacheWarmingCandidate($"k:{i % 1000}", (i * 7919) % 5000)).ToArray();
        await using var warmth = Warmth.With(cache => cache.AddWarmer("w", Warmth.Find(many), Warmth.Note(batches), plan => plan.EntryBudget = 10));

        await warmth.Warming.WarmAsync("w");

        var best = many.GroupBy(c => c.Key).Select(g => g.MaxBy(c => c.Activity)).OrderByDescending(c => c.Activity).Take(10).Select(c => c.Key);
        Assert.Equal(best, Assert.Single(batches));
    }

    [Fact]
    public async Task A_budget_of_bytes_counts_what_candidates_say_and_the_cache_s_average_for_those_that_do_not()
    {
        var batches = new ConcurrentQueue<string[]>();
        await using var warmth = Warmth.With(cache => cache.AddWarmer(
            "w",
            Warmth.Find(new("a", 9) { SizeBytes = 500 }, new("b", 8), new("c", 7) { SizeBytes = 475 }, new("d", 6) { SizeBytes = 1 }, new("e", 5) { SizeBytes = 1 }),
            Warmth.Note(batches),
            plan => plan.ByteBudget = 2000));

        await warmth.Warming.WarmAsync("w"); // an empty cache has no average: 1,024

        Assert.Equal(["a", "b", "c", "d"], Assert.Single(batches));
    }

    [Fact]
    public async Task The_search_ends_at_its_limit()
    {
        var asked = 0;
        IEnumerable<CacheWarmingCandidate> Endless()
        {
            while (true)
            {
                yield return new CacheWarmingCandidate($"k:{asked++}");
            }
        }

        await using var warmth = Warmth.With(cache => cache.AddWarmer(
            "w", (_, token) => Warmth.Each(Endless(), token), Warmth.Store, plan => (plan.CandidateLimit, plan.EntryBudget) = (700, 20)));

        var run = await warmth.Warming.WarmAsync("w");

        Assert.Equal((700, 20, 701), (run.Candidates, run.Entries, asked));
    }

    [Theory]
    [InlineData("", 0, null)]
    [InlineData("k", -1, null)]
    [InlineData("k", double.NaN, null)]
    [InlineData("k", 0, -1L)]
    public async Task What_is_no_candidate_fails_the_run_with_a_message(string key, double activity, long? size)
    {
        await using var warmth = Warmth.With(cache => cache.AddWarmer(
            "w", Warmth.Find(new CacheWarmingCandidate(key, activity) { SizeBytes = size }), Warmth.Store, plan => plan.Attempts = 1));

        var run = await warmth.Warming.WarmAsync("w");

        Assert.Equal(CacheWarmingOutcome.Failed, run.Outcome);
        Assert.StartsWith("InvalidOperationException: A candidate needs a key", run.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_without_candidates_succeeds()
    {
        await using var warmth = Warmth.With(cache => cache.AddWarmer("w", Warmth.Find(0), Warmth.Store));

        var run = await warmth.Warming.WarmAsync("w");

        Assert.Equal((CacheWarmingOutcome.Succeeded, 0, 0), (run.Outcome, run.Total, run.Batches));
    }

    [Fact]
    public async Task A_run_fills_what_is_free_and_evicts_no_more_than_its_share()
    {
        await using var warmth = Warmth.With(
            cache => cache.AddWarmer("w", Warmth.Find(500), Warmth.Store, plan => (plan.BatchSize, plan.EvictionShare, plan.EntriesPerSecond) = (50, 0.05, null)),
            options: o => o.EntryLimit = 200);
        for (var i = 0; i < 120; i++)
        {
            await warmth.Cache.SetAsync($"better:{i}", i, CachePolicies.Long);
        }

        var run = await warmth.Warming.WarmAsync("w");

        var statistics = warmth.Cache.GetStatistics();
        Assert.Equal(CacheWarmingOutcome.Stopped, run.Outcome);
        Assert.InRange(run.Entries, 80, 90);
        Assert.InRange(statistics.Evictions, 0, 10);
        Assert.Contains("200 entries", run.StopReason, StringComparison.Ordinal);
        Assert.Equal((500, run.Entries), (run.Total, run.Done));
    }

    [Fact]
    public async Task A_run_stops_for_the_bytes_that_it_would_evict_too()
    {
        await using var warmth = Warmth.With(
            cache => cache.AddWarmer(
                "w",
                Warmth.Find([.. Enumerable.Range(0, 100).Select(i => new CacheWarmingCandidate($"k:{i}") { SizeBytes = 10_300 })]),
                async (context, batch, token) =>
                {
                    foreach (var candidate in batch)
                    {
                        await context.Cache.SetAsync(candidate.Key, new byte[10_000], CachePolicies.Long, cancellationToken: token);
                    }

                    return batch.Count;
                },
                plan => (plan.BatchSize, plan.EvictionShare, plan.EntriesPerSecond, plan.ByteBudget) = (3, 0, null, 1 << 30)),
            options: o => o.SizeLimitBytes = 500_000);

        var run = await warmth.Warming.WarmAsync("w");

        Assert.Equal((CacheWarmingOutcome.Stopped, 0L), (run.Outcome, warmth.Cache.GetStatistics().Evictions));
        Assert.InRange(run.Entries, 30, 49); // 48 by what they say, and they weigh a little less
    }
}
