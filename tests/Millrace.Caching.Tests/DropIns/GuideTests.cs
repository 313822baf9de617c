using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Millrace.Caching.Tests.DropIns;

/// <summary>What the guides about keys, rules and moving here show, run as they show it.</summary>
public sealed class GuideTests
{
    private static readonly CacheKey<int> Projects = CacheKeys.Of("project").Version(2).With<int>();
    private static readonly CacheKey<int, string> Lists = CacheKeys.Of("project").In("shop").With<int, string>();
    private static readonly CacheKeys Api = CacheKeys.Of("api");
    private static readonly CachePolicy ProjectDetail = new("ProjectDetail", TimeSpan.FromHours(1)) { SlidingExpiration = TimeSpan.FromMinutes(5) };

    [Fact, Trait("req", "C-12")]
    public void Keys_are_what_the_guide_says()
    {
        Assert.Equal("project:v2:42", Projects.Of(42));
        Assert.Equal("shop:project:42:open", Lists.Of(42, "open"));
        Assert.Equal("shop:project:42:*", Lists.Under(42));
        Assert.Equal("project:v2:*", Projects.Pattern);
        var query = new Dictionary<string, string?> { ["page"] = "2" };
        Assert.Matches("^api:orders/list:[0-9a-f]{32}$", Api.Hashed("orders/list", query));
    }

    [Fact, Trait("req", "C-11")]
    public async Task Rules_do_what_the_guide_says()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Cache:Rules:0:event"] = "payment.succeeded",
            ["Millrace:Cache:Rules:0:keys:0"] = "payment:history:{userId}",
        });
        builder.Services.AddMillraceCache()
            .InvalidateOn<TaskUpdated>(e => e.Key(x => $"task:{x.Id}").Tag(x => $"project:{x.ProjectId}").Pattern(x => Lists.Under(x.ProjectId)))
            .InvalidateOn("payment.succeeded", e => e.Key("payment:recent:{userId}").Pattern("user:{userId}:*"))
            .AddEventSource<PaymentEvents>();
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var cache = host.Services.GetRequiredService<Cache>();
        string[] keys = ["task:1", Lists.Of(9, "open"), "payment:history:42", "payment:recent:42", "user:42:profile"];
        foreach (var key in keys)
        {
            await cache.Read(key, "v");
        }

        var preview = cache.PreviewInvalidation("payment.succeeded", new { userId = 42 });
        Assert.Equal(["payment:recent:42", "payment:history:42"], Assert.Single(preview.Caches).Keys);
        await cache.InvalidateAsync(new TaskUpdated(1, 9));
        await cache.InvalidateAsync("payment.succeeded", new { userId = 42 });
        Assert.DoesNotContain(keys, key => cache.TryGet<string>(key, out _));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact, Trait("req", "C-22")]
    public async Task Code_that_moves_here_reads_as_the_guides_say()
    {
        var services = new ServiceCollection();
        services.AddMillraceCache(options => options.Immutable<Bitmap>(bitmap => bitmap.ByteCount));
        services.AddMillraceDistributedCache();
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        var id = 42;
        var org = "o";

        var project = await cache.GetOrCreateAsync($"project:{id}", id, static (id, token) => LoadAsync(id, token), ProjectDetail, tags: [$"org:{org}"]);
        var same = await provider.GetRequiredService<HybridCache>().GetOrCreateAsync($"project:{id}", _ => ValueTask.FromResult("other"), cancellationToken: TestContext.Current.CancellationToken);
        await cache.SetAsync("bitmap", new Bitmap(1000), CachePolicies.Short);
        await provider.GetRequiredService<IDistributedCache>().SetStringAsync("k", "v", TestContext.Current.CancellationToken);

        Assert.Equal(("project 42", "project 42"), (project, same));
        Assert.Equal("v", await provider.GetRequiredService<IDistributedCache>().GetStringAsync("k", TestContext.Current.CancellationToken));
        await cache.RemoveByTagAsync($"org:{org}");
        Assert.False(cache.TryGet<string>("project:42", out _));
    }

    private static ValueTask<string> LoadAsync(int id, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        return ValueTask.FromResult($"project {id}");
    }

    private sealed record TaskUpdated(int Id, int ProjectId);

    private sealed record Bitmap(long ByteCount);

    private sealed class PaymentEvents : ICacheEventSource, IAsyncDisposable
    {
        public ValueTask<IAsyncDisposable> SubscribeAsync(Func<CacheEvent, CancellationToken, ValueTask> handler, CancellationToken cancellationToken) =>
            ValueTask.FromResult<IAsyncDisposable>(this);

        public ValueTask DisposeAsync() => default;
    }
}
