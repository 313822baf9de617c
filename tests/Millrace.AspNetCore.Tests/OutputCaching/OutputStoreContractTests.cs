using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Caching;
using Millrace.TestKit;

namespace Millrace.AspNetCore.Tests.OutputCaching;

/// <summary>What ASP.NET Core's middleware expects of an <see cref="IOutputCacheStore"/>, asked of ours directly.</summary>
[Trait("req", "C-22")]
public sealed class OutputStoreContractTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_set_is_got_until_its_time_is_over()
    {
        var clock = new FakeClock();
        await using var site = await StartAsync(clock);
        var store = site.Get<IOutputCacheStore>();
        Assert.Null(await store.GetAsync("k", Token));
        await store.SetAsync("k", [1, 2], null, TimeSpan.FromMinutes(1), Token);
        await store.SetAsync("other", [3], [], TimeSpan.FromMinutes(2), Token);
        Assert.Equal((byte[])[1, 2], await store.GetAsync("k", Token));
        await store.SetAsync("k", [4], null, TimeSpan.FromMinutes(1), Token);
        Assert.Equal((byte[])[4], await store.GetAsync("k", Token));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await store.GetAsync("k", Token));
        Assert.NotNull(await store.GetAsync("other", Token));
    }

    [Fact]
    public async Task A_page_that_is_valid_for_no_time_is_not_kept()
    {
        await using var site = await StartAsync(new FakeClock());
        var store = site.Get<IOutputCacheStore>();
        await store.SetAsync("k", [1], null, TimeSpan.Zero, Token);
        Assert.Null(await store.GetAsync("k", Token));
    }

    [Fact]
    public async Task A_tag_takes_all_that_carry_it_and_nothing_else()
    {
        await using var site = await StartAsync(new FakeClock());
        var store = site.Get<IOutputCacheStore>();
        await store.SetAsync("a", [1], ["x", "y"], TimeSpan.FromMinutes(1), Token);
        await store.SetAsync("b", [2], ["y"], TimeSpan.FromMinutes(1), Token);
        await store.SetAsync("c", [3], ["X"], TimeSpan.FromMinutes(1), Token);
        await store.EvictByTagAsync("x", Token);
        await store.EvictByTagAsync("unknown", Token);
        Assert.Null(await store.GetAsync("a", Token));
        Assert.NotNull(await store.GetAsync("b", Token));
        Assert.NotNull(await store.GetAsync("c", Token));
    }

    [Fact]
    public async Task Buffers_go_in_and_out_and_the_pipe_stays_open()
    {
        await using var site = await StartAsync(new FakeClock());
        var store = Assert.IsType<IOutputCacheBufferStore>(site.Get<IOutputCacheStore>(), exactMatch: false);
        await store.SetAsync("k", new ReadOnlySequence<byte>((byte[])[1, 2, 3]), new[] { "t" }, TimeSpan.FromMinutes(1), Token);
        var pipe = new Pipe();
        Assert.False(await store.TryGetAsync("missing", pipe.Writer, Token));
        Assert.True(await store.TryGetAsync("k", pipe.Writer, Token));
        pipe.Writer.Write<byte>([9]); // what was completed would refuse it
        await pipe.Writer.CompleteAsync();
        var read = await pipe.Reader.ReadAtLeastAsync(4, Token);
        Assert.Equal((byte[])[1, 2, 3, 9], read.Buffer.ToArray());
        await store.EvictByTagAsync("t", Token);
        Assert.False(await store.TryGetAsync("k", pipe.Writer, Token));
    }

    [Theory, Trait("req", "H-09")]
    [InlineData("false", null, 3)]
    [InlineData("0", null, 3)]
    [InlineData("true", null, 1)]
    [InlineData(null, null, 1)]
    [InlineData("false", "true", 1)]
    public async Task ENABLE_API_CACHE_switches_the_output_cache_unless_the_section_says_otherwise(string? variable, string? section, int made)
    {
        var pages = 0;
        var settings = new Dictionary<string, string?> { ["ENABLE_API_CACHE"] = variable };
        if (section is not null)
        {
            settings["Millrace:Cache:Caches:output:Enabled"] = section;
        }

        await using var site = await Site.StartAsync(
            settings: settings,
            map: app =>
            {
                app.UseOutputCache();
                app.MapGet("/page", () => $"{Interlocked.Increment(ref pages)}").CacheOutput();
            });
        using var client = site.Client();
        for (var i = 0; i < 3; i++)
        {
            await client.GetStringAsync("/page", Token);
        }

        Assert.Equal(made, pages);
        Assert.True(site.Get<Cache>().GetStatistics().EntryLimit > 0);
    }

    [Fact, Trait("req", "H-09")]
    public async Task A_wrong_ENABLE_API_CACHE_stops_the_start()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => Site.StartAsync(settings: new Dictionary<string, string?> { ["ENABLE_API_CACHE"] = "perhaps" }));
        Assert.Contains("ENABLE_API_CACHE is 'perhaps'; it must be true or false. Leave it out for true.", error.ToString(), StringComparison.Ordinal);
    }

    private static Task<Site> StartAsync(FakeClock clock) => Site.StartAsync(build: builder => builder.Services.AddSingleton<TimeProvider>(clock));
}
