using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.DropIns;

public sealed class LocalHybridCacheTests : HybridCacheConformance, IDisposable
{
    private readonly FakeClock _clock = new();
    private readonly ServiceProvider _provider;

    public LocalHybridCacheTests()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_clock);
        services.AddMillraceCache();
        _provider = services.BuildServiceProvider();
        Cache = _provider.GetRequiredService<HybridCache>();
    }

    protected override HybridCache Cache { get; }

    [Fact]
    public async Task The_options_of_a_call_say_how_long_its_entry_lives()
    {
        await Cache.SetAsync("minute", "v", new HybridCacheEntryOptions { Expiration = TimeSpan.FromMinutes(1) }, cancellationToken: TestContext.Current.CancellationToken);
        await Cache.SetAsync("local", "v", new HybridCacheEntryOptions { Expiration = TimeSpan.FromMinutes(5), LocalCacheExpiration = TimeSpan.FromSeconds(30) }, cancellationToken: TestContext.Current.CancellationToken);
        await ReadAsync("default", "v");
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(await FindAsync("local"));
        Assert.NotNull(await FindAsync("minute"));
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(await FindAsync("minute"));
        _clock.Advance(TimeSpan.FromMinutes(4) - TimeSpan.FromTicks(1));
        Assert.NotNull(await FindAsync("default"));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Null(await FindAsync("default"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("a\u0001b")]
    [InlineData("half a character")]
    public async Task A_key_that_breaks_the_rules_is_an_error_and_not_a_silent_miss(string key)
    {
        key = key == "half a character" ? key + '\uD800' : key; // a test runner cannot carry it
        await Assert.ThrowsAsync<ArgumentException>(async () => await ReadAsync(key, "v"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Cache.SetAsync(key, "v", cancellationToken: TestContext.Current.CancellationToken));
    }

    public void Dispose() => _provider.Dispose();
}
