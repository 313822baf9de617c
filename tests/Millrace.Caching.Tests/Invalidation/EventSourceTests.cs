using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Millrace.Caching.Tests.Invalidation;

[Trait("req", "C-11")]
public sealed class EventSourceTests
{
    [Fact]
    public async Task What_a_source_publishes_runs_the_rules_while_the_host_runs()
    {
        using var host = Build();
        var bus = host.Services.GetRequiredService<Bus>();
        var cache = host.Services.GetRequiredService<Cache>();
        Assert.Null(bus.Handler);
        await host.StartAsync();
        await cache.Read("user:42", "v");
        await bus.Handler!(new CacheEvent("user.changed", new { id = 42 }), CancellationToken.None);
        Assert.False(cache.TryGet<string>("user:42", out _)); // invalid before the handler returns, so that the source may acknowledge
        await host.StopAsync();
        Assert.True(bus.Ended);
    }

    [Fact]
    public async Task A_source_hears_of_a_rule_that_failed()
    {
        using var host = Build();
        await host.StartAsync();
        var bus = host.Services.GetRequiredService<Bus>();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await bus.Handler!(new CacheEvent("user.changed"), CancellationToken.None));
        Assert.Contains("user.changed", error.Message, StringComparison.Ordinal);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_source_that_cannot_listen_stops_the_start()
    {
        using var host = Build();
        host.Services.GetRequiredService<Bus>().Refuses = true;
        await Assert.ThrowsAsync<TimeoutException>(() => host.StartAsync());
    }

    private static IHost Build()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<Bus>();
        builder.Services.AddMillraceCache().AddEventSource<BusSource>().AddEventSource<BusSource>().InvalidateOn("user.changed", e => e.Key("user:{id}"));
        return builder.Build();
    }

    private sealed class Bus
    {
        public Func<CacheEvent, CancellationToken, ValueTask>? Handler { get; set; }

        public bool Ended { get; set; }

        public bool Refuses { get; set; }
    }

    private sealed class BusSource(Bus bus) : ICacheEventSource, IAsyncDisposable
    {
        public ValueTask<IAsyncDisposable> SubscribeAsync(Func<CacheEvent, CancellationToken, ValueTask> handler, CancellationToken cancellationToken)
        {
            if (bus.Refuses)
            {
                throw new TimeoutException("no broker");
            }

            Assert.Null(bus.Handler); // once, though it was added twice
            bus.Handler = handler;
            return ValueTask.FromResult<IAsyncDisposable>(this);
        }

        public ValueTask DisposeAsync()
        {
            bus.Ended = true;
            return default;
        }
    }
}
