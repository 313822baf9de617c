using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Redis;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Sharing;

public sealed class SharingRegistrationTests(SharedServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact, Trait("req", "C-17")]
    public async Task Without_Redis_they_are_in_memory_with_the_time_of_the_services()
    {
        var clock = new FakeClock();
        var services = new ServiceCollection().AddSingleton<TimeProvider>(clock);
        services.AddMillraceCache().AddCounters().AddLocks().AddRateLimiters().AddSessions();
        services.AddMillraceCache("other").AddCounters();
        services.AddMillraceCache().AddCounters(); // twice is once
        await using var provider = services.BuildServiceProvider();
        var counters = provider.GetRequiredService<CacheCounters>();

        Assert.Same(counters, provider.GetRequiredKeyedService<CacheCounters>("default"));
        Assert.NotSame(counters, provider.GetRequiredKeyedService<CacheCounters>("other"));
        Assert.Equal(clock.GetUtcNow(), await counters.GetServerTimeAsync(Token));
        var session = await provider.GetRequiredService<SessionCache>().CreateAsync("ann", cancellationToken: Token);
        Assert.Equal(clock.GetUtcNow(), session.Session.CreatedAt);
        await using var held = await provider.GetRequiredService<CacheLocks>().TryAcquireAsync("a", TimeSpan.FromMinutes(1), Token);
        Assert.NotNull(held);
        var limit = RateLimit.FixedWindow(1, TimeSpan.FromMinutes(1));
        Assert.True((await provider.GetRequiredService<SharedRateLimiters>().AcquireAsync("r", limit, cancellationToken: Token)).IsAcquired);
        Assert.False((await provider.GetRequiredService<SharedRateLimiters>().AcquireAsync("r", limit, cancellationToken: Token)).IsAcquired);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await provider.GetRequiredService<SharedRateLimiters>().AcquireAsync("r", limit, cancellationToken: Token)).IsAcquired);
    }

    [Fact, Trait("req", "C-17")]
    public async Task With_Redis_they_are_there_under_the_cache_s_prefix()
    {
        var (redis, prefix) = (await servers.RedisAsync(), SharedServers.Prefix());
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Redis:ConnectionString"] = redis.Address,
            ["Millrace:Cache:KeyPrefix"] = prefix,
            ["Millrace:Cache:Sessions:SlidingExpiration"] = "00:10:00",
        });
        builder.Services.AddMillraceRedis();
        builder.Services.AddMillraceCache().AddCounters().AddLocks().AddRateLimiters().AddSessions();
        using var host = builder.Build();
        await host.StartAsync(Token);
        await host.Services.GetRequiredService<CacheCounters>().IncrementAsync("n", 7, cancellationToken: Token);
        await using var held = await host.Services.GetRequiredService<CacheLocks>().AcquireAsync("a", TimeSpan.FromMinutes(1), TimeSpan.Zero, Token);
        await host.Services.GetRequiredService<SharedRateLimiters>()
            .AcquireAsync("r", RateLimit.FixedWindow(5, TimeSpan.FromMinutes(1)), cancellationToken: Token);
        var session = (await host.Services.GetRequiredService<SessionCache>().CreateAsync("ann", cancellationToken: Token)).Session;
        await host.StopAsync(Token);

        Assert.Equal(session.CreatedAt.AddMinutes(10), session.ExpiresAt);
        Assert.Equal("7", (await redis.CommandAsync("GET", $"{prefix}!counter:{{n}}")).Text);
        Assert.Equal(1, (await redis.CommandAsync("EXISTS", $"{prefix}!lock:{{a}}")).Number);
        Assert.Equal("1", (await redis.CommandAsync("GET", $"{prefix}!limit:{{F5/60000000:r}}")).Text);
    }

    [Theory, Trait("req", "C-21")]
    [InlineData("RateLimiters:Timeout", "00:00:00", "time-out")]
    [InlineData("RateLimiters:Fallback", "9", "Fallback")]
    [InlineData("RateLimiters:LocalLimit", "0", "LocalLimit")]
    [InlineData("Sessions:SlidingExpiration", "00:00:00", "SlidingExpiration")]
    [InlineData("Sessions:SessionsPerUser", "1001", "SessionsPerUser")]
    public async Task Options_out_of_range_stop_the_host_from_starting(string option, string value, string named)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [$"Millrace:Cache:{option}"] = value });
        builder.Services.AddMillraceCache().AddRateLimiters().AddSessions();
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Token));
        Assert.Contains($"Millrace:Cache:{option.Split(':')[0]}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }
}
