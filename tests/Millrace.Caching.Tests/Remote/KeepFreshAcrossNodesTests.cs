using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote;

/// <summary>A key that several processes keep fresh: one of them reads its source each time, and all have what it brought.</summary>
[Trait("req", "C-07"), Trait("req", "C-10")]
public sealed class KeepFreshAcrossNodesTests(SharedServers servers)
{
    private static readonly CachePolicy Policy = new() { Expiration = TimeSpan.FromSeconds(1.5), RefreshAhead = 0.6 };

    [Fact]
    public async Task Its_source_is_read_once_for_all_of_them_each_time()
    {
        var (address, prefix, runs) = ((await servers.RedisAsync()).Address, SharedServers.Prefix(), 0);
        using var a = await StartAsync();
        using var b = await StartAsync();
        var (first, second) = (a.Services.GetRequiredService<Cache>(), b.Services.GetRequiredService<Cache>());
        var began = Stopwatch.GetTimestamp();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var both = new HashSet<string>(StringComparer.Ordinal);

        await Poll.UntilAsync(
            () =>
            {
                if (first.TryGet<string>("rates", out var one))
                {
                    seen.Add(one!);
                }

                if (second.TryGet<string>("rates", out var other) && seen.Contains(other!))
                {
                    both.Add(other!);
                }

                return Task.FromResult(both.Count >= 5 ? null : $"both have had {string.Join(", ", both)}");
            },
            "both have had five values");

        // Each for itself, they would read it twice in 0.9 s.
        var periods = Stopwatch.GetElapsedTime(began).TotalSeconds / 0.9;
        Assert.InRange(Volatile.Read(ref runs), 5, (int)periods + 3);
        await a.StopAsync(Node.Token);
        await b.StopAsync(Node.Token);

        async Task<IHost> StartAsync()
        {
            var builder = Host.CreateApplicationBuilder();
            builder.Services.AddMillraceCache(options => options.KeyPrefix = prefix)
                .UseRedis(address)
                .KeepFresh("rates", (_, _) => ValueTask.FromResult($"value {Interlocked.Increment(ref runs)}"), Policy);
            var host = builder.Build();
            await host.StartAsync(Node.Token);
            return host;
        }
    }
}
