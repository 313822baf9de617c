using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching.Tests.Remote;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Invalidation;

/// <summary>Rules across processes: what they invalidate goes everywhere, and a confirmed one says when it cannot know that it has.</summary>
[Trait("req", "C-11")]
public sealed class ConfirmedRuleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact, Trait("req", "C-10")]
    public async Task When_a_confirmed_rule_has_run_no_other_process_serves_what_it_covers()
    {
        await using var server = await RedisServer.StartAsync();
        await using var here = await StartAsync(server);
        await using var there = await StartAsync(server);
        var (cache, other) = (here.GetRequiredService<Cache>(), there.GetRequiredService<Cache>());
        string[] keys = ["payment:history:42", "user:42:profile", "tagged", "payment:history:43"];
        foreach (var key in keys)
        {
            await cache.ReadAsync(key, static () => "v", key == "tagged" ? ["org:7"] : []);
            await other.FindAsync(key);
        }

        await cache.InvalidateAsync("payment.succeeded", new { userId = 42, org = 7 }, Token);

        Assert.Equal(["payment:history:43"], keys.Where(key => other.TryGet<string>(key, out _)));
    }

    [Fact, Trait("req", "C-10")]
    public async Task A_confirmed_rule_fails_when_the_others_cannot_be_reached_and_an_ordinary_one_does_not()
    {
        var server = await RedisServer.StartAsync();
        await using var here = await StartAsync(server);
        var cache = here.GetRequiredService<Cache>();
        await cache.ReadAsync("payment:history:42", static () => "v");
        await cache.ReadAsync("bill:42", static () => "v");
        await server.DisposeAsync();

        await cache.InvalidateAsync("bill.changed", new { userId = 42 }, Token);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.InvalidateAsync("payment.succeeded", new { userId = 42, org = 7 }, Token));

        Assert.Contains(Causes(error), cause => cause is TimeoutException);
        Assert.False(cache.TryGet<string>("payment:history:42", out _)); // here it is invalid all the same
        Assert.False(cache.TryGet<string>("bill:42", out _));
    }

    private static Exception?[] Causes(Exception error) =>
        error.InnerException is AggregateException several ? [.. several.InnerExceptions] : [error.InnerException];

    private static async Task<ServiceProvider> StartAsync(RedisServer server)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Cache:Rules:0:event"] = "payment.succeeded",
            ["Millrace:Cache:Rules:0:keys:0"] = "payment:history:{userId}",
            ["Millrace:Cache:Rules:0:patterns:0"] = "user:{userId}:*",
            ["Millrace:Cache:Rules:0:tags:0"] = "org:{org}",
            ["Millrace:Cache:Rules:0:confirmed"] = "true",
            ["Millrace:Cache:Rules:1:event"] = "bill.changed",
            ["Millrace:Cache:Rules:1:keys:0"] = "bill:{userId}",
        }).Build());
        services.AddMillraceCache().UseRedis(server.Address);
        var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        await Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? null : "it is not connected"), "the process is connected");
        return provider;
    }
}
