using Millrace.Caching.Limiting;

namespace Millrace.Caching.Tests.Limiting;

/// <summary>The arithmetic that the scripts follow, at chosen times.</summary>
public sealed class LimitStateTests
{
    private const long Second = 1_000_000;
    private static readonly long Start = 1_767_225_600 * Second; // a whole second

    [Fact, Trait("req", "C-21")]
    public void A_fixed_window_begins_with_its_first_permit_and_ends_all_at_once()
    {
        var limit = RateLimit.FixedWindow(3, TimeSpan.FromSeconds(1));
        var state = new LimitState();

        Assert.True(state.Acquire(limit, 3, Start + 500).IsAcquired);
        var refused = state.Acquire(limit, 1, Start + (Second / 2) + 500);
        Assert.Equal((false, TimeSpan.FromMilliseconds(500)), (refused.IsAcquired, refused.RetryAfter));
        Assert.False(state.Acquire(limit, 1, Start + Second + 499).IsAcquired);
        Assert.True(state.Acquire(limit, 3, Start + Second + 500).IsAcquired);
    }

    [Fact, Trait("req", "C-21")]
    public void A_sliding_window_counts_the_one_before_in_proportion()
    {
        var limit = RateLimit.SlidingWindow(10, TimeSpan.FromSeconds(1));
        var state = new LimitState();

        Assert.True(state.Acquire(limit, 10, Start + (Second * 9 / 10)).IsAcquired);
        Assert.Equal(TimeSpan.FromMilliseconds(200), state.Acquire(limit, 1, Start + (Second * 9 / 10)).RetryAfter); // 10 × 0.9 + 1 = 10
        Assert.False(state.Acquire(limit, 1, Start + Second + 99_999).IsAcquired);
        Assert.True(state.Acquire(limit, 1, Start + Second + 100_000).IsAcquired);
        Assert.Equal(TimeSpan.FromMilliseconds(400), state.Acquire(limit, 5, Start + Second + 200_000).RetryAfter); // 10 × 0.4 + 1 + 5 = 10
        Assert.True(state.Acquire(limit, 5, Start + Second + 600_000).IsAcquired);
        Assert.Equal(10, state.Acquire(limit, 0, Start + (3 * Second)).Remaining); // both windows are out of sight
    }

    [Fact, Trait("req", "C-21")]
    public void A_bucket_fills_steadily_up_to_what_it_holds()
    {
        var limit = RateLimit.TokenBucket(10, 5, TimeSpan.FromSeconds(1));
        var state = new LimitState();

        for (var i = 0; i < 10; i++)
        {
            Assert.True(state.Acquire(limit, 1, Start).IsAcquired);
        }

        Assert.Equal(TimeSpan.FromMilliseconds(200), state.Acquire(limit, 1, Start).RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(2), state.Acquire(limit, 10, Start).RetryAfter);
        Assert.False(state.Acquire(limit, 1, Start + 199_999).IsAcquired);
        Assert.True(state.Acquire(limit, 1, Start + 200_000).IsAcquired);
        Assert.Equal(10, state.Acquire(limit, 0, Start + (100 * Second)).Remaining);
    }

    /// <summary>The stated bounds, in every interval of a random history that presses as hard as it can.</summary>
    [Theory, Trait("req", "C-21")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void No_interval_ever_gets_more_than_stated(int seed)
    {
        const int Permits = 20;
        var window = TimeSpan.FromSeconds(1);
        foreach (var (limit, most) in new (RateLimit, Func<long, double>)[]
        {
            (RateLimit.FixedWindow(Permits, window), static length => Permits * (Math.Ceiling((double)length / Second) + 1)),
            (RateLimit.SlidingWindow(Permits, window), static length => length <= Second ? Permits * (1 + ((double)length / Second)) : double.MaxValue),
            (RateLimit.TokenBucket(Permits, 10, window), static length => Permits + (length * 10.0 / Second)),
        })
        {
            var random = new Random(seed);
            var state = new LimitState();
            var history = new List<(long At, int Permits)>();
            var now = Start;
            for (var i = 0; i < 3000; i++)
            {
                now += random.Next(10) == 0 ? random.Next(0, (int)Second) : random.Next(0, 20_000);
                var permits = random.Next(1, 6);
                if (state.Acquire(limit, permits, now).IsAcquired)
                {
                    history.Add((now, permits));
                }
            }

            Assert.True(history.Count > 300);
            for (var first = 0; first < history.Count; first++)
            {
                var sum = 0;
                for (var last = first; last < history.Count && history[last].At - history[first].At <= 3 * Second; last++)
                {
                    sum += history[last].Permits;
                    var length = history[last].At - history[first].At;
                    Assert.True(sum <= most(length) + 0.001, $"{limit}, seed {seed}: {sum} permits within {length} µs, at most {most(length)}");
                }
            }
        }
    }

    /// <summary>Who waits as long as he is told, and is alone, gets his permits, and not much earlier.</summary>
    [Theory, Trait("req", "C-21")]
    [InlineData(1)]
    [InlineData(2)]
    public void Coming_again_after_the_stated_time_is_neither_in_vain_nor_late(int seed)
    {
        var window = TimeSpan.FromSeconds(1);
        foreach (var limit in new[] { RateLimit.FixedWindow(20, window), RateLimit.SlidingWindow(20, window), RateLimit.TokenBucket(20, 10, window) })
        {
            var random = new Random(seed);
            var state = new LimitState();
            var (now, refusals) = (Start, 0);
            for (var i = 0; i < 5000; i++)
            {
                now += random.Next(0, 60_000);
                var permits = random.Next(1, 21);
                var decision = state.Acquire(limit, permits, now);
                if (!decision.IsAcquired)
                {
                    refusals++;
                    var wait = (long)decision.RetryAfter.TotalMicroseconds;
                    Assert.False(state.Acquire(limit, permits, now + wait - 1_010).IsAcquired && wait > 1_010, $"{limit}: {wait} µs is too long");
                    now += wait;
                    Assert.True(state.Acquire(limit, permits, now).IsAcquired, $"{limit}: {wait} µs was too short, step {i}");
                }
            }

            Assert.True(refusals > 300);
        }
    }

    [Fact, Trait("req", "C-21")]
    public void A_clock_that_is_set_back_gives_nothing_away_and_locks_nobody_out()
    {
        foreach (var limit in new[] { RateLimit.SlidingWindow(5, TimeSpan.FromSeconds(1)), RateLimit.TokenBucket(5, 5, TimeSpan.FromSeconds(1)) })
        {
            var state = new LimitState();
            Assert.True(state.Acquire(limit, 5, Start).IsAcquired);
            var refused = state.Acquire(limit, 1, Start - (3600 * Second));

            Assert.False(refused.IsAcquired);
            Assert.InRange(refused.RetryAfter, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        }
    }

    [Fact, Trait("req", "C-21")]
    public void Limits_are_checked_when_they_are_made()
    {
        var second = TimeSpan.FromSeconds(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.FixedWindow(0, second));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.FixedWindow(1_000_000_001, second));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.SlidingWindow(1, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.SlidingWindow(1, TimeSpan.FromTicks(10_001)));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.FixedWindow(1, TimeSpan.FromDays(366)));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.TokenBucket(1, 1_000_001, second));
        Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.TokenBucket(1_000_000, 1, TimeSpan.FromDays(1)));
        Assert.Equal(TimeSpan.FromSeconds(2), RateLimit.TokenBucket(10, 5, second).Window);
    }
}
