using System.Threading.RateLimiting;
using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Limiting;

/// <summary>What limiters do while Redis is away: a server of its own, made to stand still.</summary>
[Trait("req", "C-21")]
public sealed class LimiterOutageTests : IAsyncLifetime
{
    private static readonly RateLimit Limit = RateLimit.FixedWindow(2, TimeSpan.FromDays(1));
    private readonly LogList _log = new();
    private RedisServer? _server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server!.DisposeAsync();

    [Theory]
    [InlineData(RateLimitFallback.Allow, new[] { true, true, true })]
    [InlineData(RateLimitFallback.Deny, new[] { false, false, false })]
    [InlineData(RateLimitFallback.Local, new[] { true, true, false })]
    public async Task A_server_that_stands_still_costs_one_caller_the_time_out_and_the_option_decides(RateLimitFallback fallback, bool[] decisions)
    {
        await using var client = await SharedServers.ConnectToAsync(_server!.Address);
        var clock = new FakeClock();
        var options = new SharedRateLimiterOptions { Fallback = fallback, Timeout = TimeSpan.FromSeconds(1) };
        var limiters = SharedRateLimiters.InRedis(client, options, timeProvider: clock, logger: _log);
        Assert.True((await limiters.AcquireAsync("r", Limit, 2, Token)).IsAcquired);
        await _server.PauseAsync();

        var first = limiters.AcquireAsync("r", Limit, 1, Token).AsTask();
        await clock.WaitForTimersAsync(1, Token);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(decisions[0], (await first).IsAcquired);
        foreach (var decision in decisions[1..])
        {
            using var lease = await limiters.AcquireAsync("r", Limit, 1, Token); // no time passes: nobody waits
            Assert.Equal(decision, lease.IsAcquired);
            Assert.True(lease.TryGetMetadata(MetadataName.ReasonPhrase, out var reason));
            Assert.Contains("Redis is away", reason, StringComparison.Ordinal);
        }

        Assert.Equal([1120], _log.Ids);
        await _server.ResumeAsync();
        clock.Advance(TimeSpan.FromSeconds(1)); // time to ask again
        Assert.False((await limiters.AcquireAsync("r", Limit, 1, Token)).IsAcquired); // as Redis remembers
        Assert.Equal([1120, 1121], _log.Ids);
    }

    [Fact]
    public async Task A_server_that_is_gone_is_an_outage_too_and_the_caller_s_own_token_is_not()
    {
        await using var client = await SharedServers.ConnectToAsync(_server!.Address, timeout: TimeSpan.FromMilliseconds(200));
        var limiters = SharedRateLimiters.InRedis(client, new() { Timeout = TimeSpan.FromSeconds(30) }, logger: _log);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await limiters.AcquireAsync("r", Limit, 1, new(true)));
        Assert.Empty(_log.Ids);
        await _server.KillAsync();

        Assert.True((await limiters.AcquireAsync("r", Limit, 2, Token)).IsAcquired);
        Assert.False((await limiters.AcquireAsync("r", Limit, 1, Token)).IsAcquired);
        Assert.Equal([1120], _log.Ids);
    }
}
