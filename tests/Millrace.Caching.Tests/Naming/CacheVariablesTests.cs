using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Caching.Naming;
using Millrace.Redis;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Naming;

[Trait("req", "H-09")]
public sealed class CacheVariablesTests
{
    [Fact]
    public void Variables_set_the_options_of_every_cache_and_the_lifetime_of_the_default_one()
    {
        using var provider = Services(new()
        {
            ["CACHE_DEFAULT_TTL"] = "90",
            ["CACHE_KEY_PREFIX"] = "shop:",
            ["CACHE_COMPRESSION_THRESHOLD"] = "4096",
            ["CACHE_ENABLE_COMPRESSION"] = "off",
            ["CACHE_ENABLE_VERSIONING"] = "False",
        });
        var (options, sessions) = (Options(provider, "default"), Options(provider, "sessions"));
        Assert.Equal((TimeSpan.FromSeconds(90), "default"), (options.DefaultPolicy.Expiration, options.DefaultPolicy.Name));
        Assert.Equal(("shop:", "shop.sessions:"), (CacheRegistration.KeyPrefix("default", options), CacheRegistration.KeyPrefix("Sessions", sessions)));
        Assert.Equal((4096, false, false), (options.CompressionThresholdBytes, options.Compression, options.SchemaVersioning));
        Assert.Equal((4096, false, false), (sessions.CompressionThresholdBytes, sessions.Compression, sessions.SchemaVersioning));
        Assert.Equal(TimeSpan.FromMinutes(7), sessions.DefaultPolicy.Expiration);
    }

    [Fact]
    public void Without_variables_what_code_says_holds()
    {
        using var provider = Services(new() { ["CACHE_DEFAULT_TTL"] = " ", ["CACHE_ENABLE_COMPRESSION"] = "" });
        Assert.Equal(TimeSpan.FromMinutes(3), Options(provider, "default").DefaultPolicy.Expiration);
        Assert.True(Options(provider, "default").Compression);
        Assert.Equal("cache:", CacheRegistration.KeyPrefix("default", Options(provider, "default")));
    }

    [Fact]
    public async Task The_section_goes_before_variables_and_variables_before_code()
    {
        var clock = new FakeClock();
        using var provider = Services(new()
        {
            ["CACHE_DEFAULT_TTL"] = "00:01:30",
            ["CACHE_KEY_PREFIX"] = "shop",
            ["CACHE_COMPRESSION_THRESHOLD"] = "1",
            ["Millrace:Cache:KeyPrefix"] = "mine:",
            ["Millrace:Cache:CompressionThresholdBytes"] = "2",
            ["Millrace:Cache:Caches:sessions:Compression"] = "false",
            ["Millrace:Cache:Policies:default:Expiration"] = "00:00:30",
        }, clock);
        var options = Options(provider, "default");
        Assert.Equal(("mine:", 2), (options.KeyPrefix, options.CompressionThresholdBytes));
        Assert.Equal((1, false), (Options(provider, "sessions").CompressionThresholdBytes, Options(provider, "sessions").Compression));
        var cache = provider.GetRequiredService<Cache>();
        await cache.SetAsync("k", "v");
        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.True(cache.TryGet<string>("k", out _));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(cache.TryGet<string>("k", out _));
    }

    [Theory]
    [InlineData("CACHE_DEFAULT_TTL", "soon", "CACHE_DEFAULT_TTL is 'soon'; it must be whole seconds greater than zero, such as 300, or a time such as 00:05:00.")]
    [InlineData("CACHE_DEFAULT_TTL", "0", "CACHE_DEFAULT_TTL is '0'")]
    [InlineData("CACHE_DEFAULT_TTL", "-5", "CACHE_DEFAULT_TTL is '-5'")]
    [InlineData("CACHE_DEFAULT_TTL", "1.5", "CACHE_DEFAULT_TTL is '1.5'")]
    [InlineData("CACHE_KEY_PREFIX", "{shop}", "CACHE_KEY_PREFIX is '{shop}'; it must have 1 to 63 letters")]
    [InlineData("CACHE_KEY_PREFIX", ":", "CACHE_KEY_PREFIX is ':'")]
    [InlineData("CACHE_KEY_PREFIX", "a b", "CACHE_KEY_PREFIX is 'a b'")]
    [InlineData("CACHE_COMPRESSION_THRESHOLD", "1k", "CACHE_COMPRESSION_THRESHOLD is '1k'; it must be whole bytes from 0 to 1073741824, such as 1024.")]
    [InlineData("CACHE_COMPRESSION_THRESHOLD", "2147483647", "CACHE_COMPRESSION_THRESHOLD is '2147483647'")]
    [InlineData("CACHE_ENABLE_COMPRESSION", "maybe", "CACHE_ENABLE_COMPRESSION is 'maybe'; it must be true or false.")]
    [InlineData("CACHE_ENABLE_VERSIONING", "2", "CACHE_ENABLE_VERSIONING is '2'; it must be true or false.")]
    public async Task A_wrong_value_stops_the_start_with_its_name_and_the_remedy(string variable, string value, string message)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [variable] = value });
        builder.Services.AddMillraceCache();
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("Leave it out for", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void REDIS_URL_is_the_server_of_the_default_client_unless_the_section_names_one()
    {
        var services = new ServiceCollection();
        var settings = new Dictionary<string, string?> { ["REDIS_URL"] = "redis://127.0.0.1:7001" };
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddMillraceCache().UseRedis();
        using var provider = services.BuildServiceProvider();
        Assert.Equal("redis://127.0.0.1:7001", provider.GetRequiredService<IOptions<RedisOptions>>().Value.ConnectionString);
        settings["Millrace:Redis:ConnectionString"] = "127.0.0.1:7002";
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        using var other = services.BuildServiceProvider();
        Assert.Equal("127.0.0.1:7002", other.GetRequiredService<IOptions<RedisOptions>>().Value.ConnectionString);
    }

    [Fact, Trait("req", "C-06")]
    public async Task Every_property_of_a_named_policy_is_overridden_by_its_name_and_no_other()
    {
        var clock = new FakeClock();
        using var provider = Services(new()
        {
            ["Millrace:Cache:Policies:short:Expiration"] = "00:00:50",
            ["Millrace:Cache:Policies:Board:SlidingExpiration"] = "00:00:20",
            ["Millrace:Cache:Policies:Board:LocalExpiration"] = "00:01:00",
            ["Millrace:Cache:Policies:Feed:Jitter"] = "0.5",
        }, clock);
        var cache = provider.GetRequiredService<Cache>();
        await cache.SetAsync("short", "v", CachePolicies.Short);
        await cache.SetAsync("medium", "v", CachePolicies.Medium);
        await cache.SetAsync("board", "v", new CachePolicy("Board", TimeSpan.FromHours(1)));
        for (var i = 0; i < 200; i++)
        {
            await cache.SetAsync($"feed:{i}", "v", new CachePolicy("Feed", TimeSpan.FromSeconds(100)));
        }

        int Feeds() => Enumerable.Range(0, 200).Count(i => cache.TryGet<string>($"feed:{i}", out _));
        clock.Advance(TimeSpan.FromSeconds(15));
        Assert.True(cache.TryGet<string>("board", out _));
        clock.Advance(TimeSpan.FromSeconds(34));
        Assert.True(cache.TryGet<string>("short", out _));
        Assert.False(cache.TryGet<string>("board", out _)); // nobody read it for more than 20 s
        Assert.Equal(200, Feeds());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(cache.TryGet<string>("short", out _));
        clock.Advance(TimeSpan.FromSeconds(25));
        Assert.InRange(Feeds(), 60, 140); // half of them live longer than 75 s of 50 to 100
        clock.Advance(TimeSpan.FromSeconds(25));
        Assert.Equal(0, Feeds());
        Assert.True(cache.TryGet<string>("medium", out _));
    }

    private static ServiceProvider Services(Dictionary<string, string?> settings, TimeProvider? clock = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddSingleton(clock ?? new FakeClock());
        services.AddMillraceCache(options => options.DefaultPolicy = options.DefaultPolicy with { Expiration = TimeSpan.FromMinutes(3) });
        services.AddMillraceCache("sessions", options => options.DefaultPolicy = new CachePolicy { Expiration = TimeSpan.FromMinutes(7) });
        return services.BuildServiceProvider();
    }

    private static CacheOptions Options(IServiceProvider provider, string cache) =>
        provider.GetRequiredService<IOptionsMonitor<CacheOptions>>().Get(CacheRegistration.OptionsName(cache));
}
