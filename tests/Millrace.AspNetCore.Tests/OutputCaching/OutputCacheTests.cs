using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Millrace.AspNetCore.OutputCaching;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Caching;

namespace Millrace.AspNetCore.Tests.OutputCaching;

[Trait("req", "H-01")]
public sealed class OutputCacheTests
{
    private sealed record ProjectChanged(int Id);

    [Fact]
    public async Task A_page_is_made_once_and_the_header_says_hit_or_miss_in_Development()
    {
        await using var site = await StartAsync("Development");
        using var client = site.Client();

        Assert.Equal(("made 1", "miss"), await GetAsync(client, "/page/1"));
        Assert.Equal(("made 1", "hit"), await GetAsync(client, "/page/1"));
        Assert.Equal(("made 2", "miss"), await GetAsync(client, "/page/2"));
        Assert.Equal(("made 1", "hit"), await GetAsync(client, "/page/1"));
        var pages = site.Get<CacheRegistry>().Get("output").GetStatistics();
        Assert.Equal((2L, 2L), (pages.Hits, pages.Misses));
        Assert.Contains(pages.Patterns, p => p.Pattern == "page:page:{}:{}");
    }

    [Fact]
    public async Task Production_does_not_say_where_a_page_came_from()
    {
        await using var site = await StartAsync("Production");
        using var client = site.Client();

        Assert.Equal(("made 1", null), await GetAsync(client, "/page/1"));
        Assert.Equal(("made 1", null), await GetAsync(client, "/page/1"));
    }

    [Theory]
    [InlineData("the output cache's own tag eviction")]
    [InlineData("a tag of the default cache")]
    [InlineData("everything in the default cache")]
    [InlineData("a rule for an event")]
    public async Task A_page_goes_with_its_tag(string way)
    {
        await using var site = await StartAsync("Development");
        using var client = site.Client();
        await GetAsync(client, "/page/1");
        await GetAsync(client, "/other/1");

        var cache = site.Get<Cache>();
        await (way switch
        {
            "the output cache's own tag eviction" => site.Get<IOutputCacheStore>().EvictByTagAsync("project:1", default),
            "a tag of the default cache" => cache.RemoveByTagAsync("project:1"),
            "everything in the default cache" => cache.InvalidateAllAsync(),
            _ => cache.InvalidateAsync(new ProjectChanged(1)),
        });

        Assert.Equal("miss", (await GetAsync(client, "/page/1")).Header);
        Assert.Equal(way.StartsWith("everything", StringComparison.Ordinal) ? "miss" : "hit", (await GetAsync(client, "/other/1")).Header);
    }

    [Fact]
    public async Task What_is_made_for_a_user_is_kept_for_nobody()
    {
        await using var site = await StartAsync("Development");
        using var reader = site.Client("reader");
        using var nobody = site.Client();

        var first = await GetAsync(reader, "/who");
        Assert.Equal("reader", first.Body);
        Assert.NotEqual("hit", first.Header);
        Assert.Equal("nobody", (await GetAsync(nobody, "/who")).Body);
        Assert.Equal("reader", (await GetAsync(reader, "/who")).Body);
        using var other = site.Client("operator");
        Assert.Equal("operator", (await GetAsync(other, "/who")).Body);
    }

    [Fact]
    public async Task A_page_whose_making_was_overtaken_by_an_invalidation_is_not_served_again()
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var made = 0;
        await using var site = await Site.StartAsync("Development", map: app =>
        {
            app.UseOutputCache();
            app.MapGet("/slow", async () =>
            {
                var number = Interlocked.Increment(ref made);
                if (number == 1)
                {
                    began.SetResult();
                    await goOn.Task;
                }

                return $"made {number}";
            }).CacheOutput(page => page.Tag("t"));
        });
        using var client = site.Client();

        var first = GetAsync(client, "/slow");
        await began.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await site.Get<Cache>().RemoveByTagAsync("t");
        goOn.SetResult();

        Assert.Equal("made 1", (await first).Body); // its caller asked before the invalidation
        Assert.Equal(("made 2", "miss"), await GetAsync(client, "/slow"));
        Assert.Equal(("made 2", "hit"), await GetAsync(client, "/slow"));
    }

    [Fact]
    public async Task A_page_beyond_the_limit_is_served_and_not_kept()
    {
        await using var site = await Site.StartAsync(
            "Development",
            new Dictionary<string, string?> { ["Millrace:OutputCacheMaximumBodyBytes"] = "2048" },
            map: app =>
            {
                app.UseOutputCache();
                app.MapGet("/big", () => new string('x', 5000)).CacheOutput();
            });
        using var client = site.Client();

        Assert.Equal(5000, (await GetAsync(client, "/big")).Body.Length);
        Assert.Equal("miss", (await GetAsync(client, "/big")).Header);
        Assert.Equal(0, site.Get<CacheRegistry>().Get("output").GetStatistics().Entries);
    }

    [Theory]
    [InlineData("GET\x1eHTTP\x1eLOCALHOST:80/PROJECTS/42", "page:projects:42:")]
    [InlineData("GET\x1eHTTP\x1eLOCALHOST/", "page::")]
    [InlineData("GET\x1eHTTP\x1eH/A\x1eQ\x1fX=\"<\n>", "page:a:")]
    [InlineData("something else", "page:")]
    public void Storage_keys_become_keys_without_control_characters(string storageKey, string start)
    {
        var key = OutputKeys.Of(storageKey);

        Assert.StartsWith(start, key, StringComparison.Ordinal);
        Assert.DoesNotContain(key, char.IsControl);
        Assert.NotEqual(key, OutputKeys.Of(storageKey + "!"));
        Assert.True(OutputKeys.Of(storageKey + new string('é', 10_000)).Length < 256);
    }

    private static Task<Site> StartAsync(string environment) => Site.StartAsync(
        environment,
        millrace: m => m.Cache.InvalidateOn<ProjectChanged>(rule => rule.Tag(e => $"project:{e.Id}")),
        map: app =>
        {
            var made = 0;
            app.UseAuthentication();
            app.UseOutputCache();
            app.MapGet("/page/{id}", (int id) => $"made {Interlocked.Increment(ref made)}").CacheOutput(page => page.Tag("project:1"));
            app.MapGet("/other/{id}", (int id) => "other").CacheOutput(page => page.Tag("project:2"));
            app.MapGet("/who", (HttpContext context) => context.User.Identity?.Name ?? "nobody").CacheOutput();
        });

    private static async Task<(string Body, string? Header)> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadAsStringAsync(), response.Headers.TryGetValues("X-Cache", out var values) ? values.Single() : null);
    }
}
