using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Dashboard;

namespace Millrace.AspNetCore.Tests.Dashboard;

[Trait("req", "H-08")]
public sealed partial class DashboardTests
{
    [Fact]
    public async Task The_page_and_everything_it_names_is_served_under_a_strict_policy()
    {
        await using var site = await Site.StartAsync("Development");
        using var client = site.Client();
        using var redirect = await client.GetAsync("/millrace?x=1");
        Assert.Equal("/millrace/?x=1", redirect.Headers.Location?.ToString());
        var page = await client.GetStringAsync("/millrace/");
        Assert.Contains("content=\"../api\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("__", page, StringComparison.Ordinal);

        var todo = new Queue<string>(PageAssets().Matches(page).Select(m => m.Groups[1].Value));
        HashSet<string> seen = [];
        while (todo.TryDequeue(out var name))
        {
            if (!seen.Add(name))
            {
                continue;
            }

            using var response = await client.GetAsync($"/millrace/assets/{name}");
            Assert.Equal((name, HttpStatusCode.OK), (name, response.StatusCode));
            var policy = response.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            var text = await response.Content.ReadAsStringAsync();
            foreach (Match import in Imports().Matches(text))
            {
                todo.Enqueue(import.Groups[1].Value);
            }

            Assert.DoesNotContain("innerHTML", text, StringComparison.Ordinal);
            Assert.DoesNotContain("insertAdjacentHTML", text, StringComparison.Ordinal);
            Assert.DoesNotMatch(@"https?://(?!www\.w3\.org/2000/svg)", text);
        }

        Assert.Superset(new HashSet<string> { "app.js", "style.css", "icon.svg", "chart.js", "live.js" }, seen);
        Assert.DoesNotMatch("<script(?![^>]* src=)|<style| style=| on[a-z]+=", page);
    }

    [Fact]
    public async Task An_asset_that_has_not_changed_is_not_sent_again()
    {
        await using var site = await Site.StartAsync("Development");
        using var client = site.Client();
        using var first = await client.GetAsync("/millrace/assets/app.js");
        client.DefaultRequestHeaders.IfNoneMatch.Add(first.Headers.ETag!);

        using var second = await client.GetAsync("/millrace/assets/app.js");
        using var other = await client.GetAsync("/millrace/assets/style.css");

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Equal("no-cache", first.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Whoever_accepts_gzip_gets_it_under_a_tag_of_its_own()
    {
        await using var site = await Site.StartAsync("Development");
        using var client = site.Client();
        using var plain = await client.GetAsync("/millrace/assets/style.css");
        client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("gzip");

        using var packed = await client.GetAsync("/millrace/assets/style.css");
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/millrace/assets/style.css"));

        Assert.Equal("gzip", packed.Content.Headers.ContentEncoding.Single());
        Assert.NotEqual(plain.Headers.ETag, packed.Headers.ETag);
        Assert.True(packed.Content.Headers.ContentLength < plain.Content.Headers.ContentLength);
        Assert.Equal(packed.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("/millrace/assets/none.js")]
    [InlineData("/millrace/assets/index.html")]
    [InlineData("/millrace/assets/..%2f..%2fsecret")]
    [InlineData("/millrace/none")]
    public async Task What_is_not_an_asset_is_not_found(string path)
    {
        await using var site = await Site.StartAsync("Development");
        using var client = site.Client();

        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task It_finds_the_API_from_below_a_group_and_another_path()
    {
        await using var site = await Site.StartAsync("Development", map: app =>
        {
            app.UsePathBase("/base");
            app.UseRouting();
            app.MapGroup("/tools").MapMillraceDashboard("/a/b", "/manage/api");
        });
        using var client = site.Client();

        Assert.Equal("/base/tools/a/b/", (await client.GetAsync("/base/tools/a/b")).Headers.Location?.ToString());
        Assert.Contains("content=\"../../manage/api\"", await client.GetStringAsync("/base/tools/a/b/"), StringComparison.Ordinal);
    }

    [GeneratedRegex("(?:src|href)=\"assets/([^\"]+)\"", RegexOptions.None, 5000)]
    private static partial Regex PageAssets();

    [GeneratedRegex(@"from '\./([^']+)'", RegexOptions.None, 5000)]
    private static partial Regex Imports();
}
