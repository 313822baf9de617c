using System.Diagnostics;
using Millrace.Caching.Local;

namespace Millrace.Caching.Tests.Local;

[Trait("req", "C-02")]
public sealed class CoarseTimeTests
{
    [Fact]
    public async Task It_follows_the_system_s_time_and_never_goes_back()
    {
        var readers = Enumerable.Range(0, 4).Select(static _ => Task.Run(static () =>
        {
            var (last, begun) = (0L, Stopwatch.GetTimestamp());
            while (Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(1))
            {
                var now = CoarseTime.OfProcess.Now;
                Assert.InRange(now, last, CoarseTime.Exact);
                last = now;
            }

            Assert.InRange(CoarseTime.Exact - last, 0, 5000); // what a busy machine may keep a thread waiting
        }));

        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task It_goes_on_after_nobody_has_asked_for_a_while()
    {
        for (var round = 0; round < 3; round++)
        {
            var before = CoarseTime.OfProcess.Now;
            await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System, TestContext.Current.CancellationToken);
            await TestKit.Poll.UntilAsync(
                () => Task.FromResult(CoarseTime.OfProcess.Now >= before + 1400 ? null : "it stands still"), "the pause has passed by this clock, too");
        }
    }

    [Fact]
    public async Task An_entry_expires_by_it()
    {
        using var cache = new Cache();
        await cache.SetAsync("k", "v", new CachePolicy { Expiration = TimeSpan.FromMilliseconds(300) }, cancellationToken: TestContext.Current.CancellationToken);
        var begun = Stopwatch.GetTimestamp();
        await TestKit.Poll.UntilAsync(() => Task.FromResult(cache.TryGet<string>("k", out _) ? "it is there" : null), "it has expired");

        Assert.True(Stopwatch.GetElapsedTime(begun) > TimeSpan.FromMilliseconds(200), "It has expired too early.");
    }
}
