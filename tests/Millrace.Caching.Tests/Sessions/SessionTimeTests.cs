using Millrace.TestKit;

namespace Millrace.Caching.Tests.Sessions;

/// <summary>What only a clock that stands still can show.</summary>
[Trait("req", "C-20")]
public sealed class SessionTimeTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    public async Task Use_prolongs_a_session_up_to_its_end()
    {
        await using var sessions = Sessions();
        var (used, unused) = (await sessions.CreateAsync("ann"), await sessions.CreateAsync("ann"));
        _clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(_clock.GetUtcNow().AddHours(1), (await sessions.ValidateAsync(used.Token))!.ExpiresAt);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await sessions.ValidateAsync(unused.Token));
        _clock.Advance(TimeSpan.FromMinutes(58));
        Assert.Equal(used.Session.CreatedAt.AddHours(2.5), (await sessions.ValidateAsync(used.Token))!.ExpiresAt);
        _clock.Advance(TimeSpan.FromMinutes(32) - TimeSpan.FromMilliseconds(1));
        Assert.NotNull(await sessions.ValidateAsync(used.Token));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(await sessions.ValidateAsync(used.Token));
        Assert.Empty(await sessions.GetActiveAsync("ann"));
    }

    [Fact]
    public async Task Sessions_that_expired_do_not_count_towards_the_bound()
    {
        await using var sessions = Sessions();
        for (var i = 0; i < 3; i++)
        {
            await sessions.CreateAsync("ann");
        }

        _clock.Advance(TimeSpan.FromMinutes(59));
        var kept = await sessions.CreateAsync("ann"); // the oldest of four goes
        Assert.Equal(3, (await sessions.GetActiveAsync("ann")).Count);
        _clock.Advance(TimeSpan.FromMinutes(2));
        await sessions.CreateAsync("ann");
        await sessions.CreateAsync("ann");

        Assert.Equal(3, (await sessions.GetActiveAsync("ann")).Count);
        Assert.NotNull(await sessions.ValidateAsync(kept.Token));
    }

    private SessionCache Sessions() => SessionCache.InMemory(
        new SessionCacheOptions { SlidingExpiration = TimeSpan.FromHours(1), AbsoluteExpiration = TimeSpan.FromHours(2.5), SessionsPerUser = 3 }, _clock);
}
