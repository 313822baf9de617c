using Millrace.Caching.Local;
using Millrace.Caching.Local.Expiry;

namespace Millrace.Caching.Tests.Local;

[Trait("req", "C-06")]
public sealed class TimerWheelTests
{
    [Theory]
    [InlineData(71)]
    [InlineData(72)]
    [InlineData(73)]
    public void Every_entry_comes_up_once_its_time_is_over_and_within_two_ticks(int seed)
    {
        const int Tick = 1000;
        var random = new Random(seed);
        var now = 12_345L;
        var wheel = new TimerWheel(Tick, now);
        var model = new Dictionary<Entry, long>();
        for (var step = 0; step < 3000; step++)
        {
            for (var i = random.Next(4); i > 0; i--)
            {
                var goneAt = now + (random.Next(5) == 0 ? random.NextInt64(20_000_000) : random.Next(20_000)); // beyond a round of 4,096 s, too
                var entry = Entries.Make($"k:{step}:{i}", expiresAt: goneAt, now: now);
                model.Add(entry, goneAt);
                wheel.Add(entry, goneAt);
            }

            if (random.Next(3) == 0 && model.Count > 0)
            {
                var entry = model.Keys.ElementAt(random.Next(model.Count));
                model.Remove(entry);
                wheel.Remove(entry);
            }

            now += random.Next(200) == 0 ? random.NextInt64(10_000_000) : random.Next(3000);
            while (wheel.TakeDue(now) is { } due)
            {
                Assert.True(model.ContainsKey(due), $"seed {seed}, step {step}: {due.Key} came up and hangs nowhere");
                if (model[due] <= now)
                {
                    model.Remove(due);
                }
                else
                {
                    wheel.Add(due, model[due]);
                }
            }

            var late = model.Where(pair => pair.Value + (2 * Tick) < now).Select(pair => pair.Key.Key).FirstOrDefault();
            Assert.True(late is null, $"seed {seed}, step {step}: {late} should have come up");
        }
    }

    [Fact]
    public void A_deadline_of_years_is_as_exact_as_one_of_minutes()
    {
        const long Year = 365L * 86_400_000;
        var entry = Entries.Make("k", expiresAt: 10 * Year, now: 5);
        for (var now = 5L; now < 10 * Year; now += Year / 100)
        {
            Assert.False(entry.IsExpired(now));
            Assert.Equal(10 * Year, entry.Deadline(now));
        }

        Assert.False(entry.IsExpired((10 * Year) - 1));
        Assert.True(entry.IsExpired(10 * Year));
        Assert.True(entry.IsExpired((10 * Year) + (30L * 86_400_000)));
    }

    [Fact]
    public void An_entry_that_has_expired_stays_so_for_weeks_though_nobody_has_removed_it()
    {
        const long Day = 86_400_000;
        var entry = Entries.Make("k", expiresAt: 6 * Day, now: 4 * Day);
        Assert.False(entry.IsExpired((6 * Day) - 1));
        for (var now = 6 * Day; now < 42 * Day; now += Day / 7)
        {
            Assert.True(entry.IsExpired(now), $"{now / Day} days");
        }
    }

    [Fact]
    public void An_entry_may_be_kept_after_it_has_expired()
    {
        var entry = Entries.Make("k", expiresAt: 1000, goneAt: 5000);
        Assert.True(entry.IsExpired(1000));
        Assert.False(entry.IsGone(4999));
        Assert.True(entry.IsGone(5000));
        var sliding = Entries.Make("k", expiresAt: 10_000, slidingSpan: 500);
        sliding.Slide(400);
        Assert.False(sliding.IsExpired(899));
        Assert.True(sliding.IsExpired(900));
    }
}
