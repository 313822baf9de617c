using System.Net;
using System.Text;
using System.Text.Json;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Caching;

namespace Millrace.AspNetCore.Tests.Management;

[Trait("req", "H-03")]
public sealed class CacheEndpointTests
{
    [Fact]
    public async Task Keys_tags_and_everything_are_invalidated_and_the_log_says_by_whom()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened);
        using var client = site.Client("operator");
        var cache = site.Get<Cache>();
        foreach (var (key, tag) in new[] { ("a", "x"), ("b", "y"), ("c", "z") })
        {
            await cache.SetAsync(key, "v", CachePolicies.Short, [tag]);
        }

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(client, """{"keys":["a"],"tags":["y"]}""")).Status);
        Assert.Equal((false, false, true), (cache.TryGet<string>("a", out _), cache.TryGet<string>("b", out _), cache.TryGet<string>("c", out _)));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(client, """{"all":true}""")).Status);
        Assert.False(cache.TryGet<string>("c", out _));
        Assert.Contains(site.Log, line => line.Contains("[4002]", StringComparison.Ordinal) && line.Contains("cache.invalidate", StringComparison.Ordinal)
            && line.Contains("by operator from 127.0.0.1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_named_cache_is_invalidated_alone()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened, millrace: m => m.Services.AddMillraceCache("sessions"));
        using var client = site.Client("operator");
        var caches = site.Get<CacheRegistry>();
        await caches.Get("default").SetAsync("k", "v", CachePolicies.Short);
        await caches.Get("sessions").SetAsync("k", "v", CachePolicies.Short);

        var (status, body) = await PostAsync(client, """{"cache":"sessions","keys":["k"]}""");

        Assert.Equal((HttpStatusCode.OK, """{"caches":["sessions"],"keys":1,"tags":0,"all":false}"""), (status, body));
        Assert.True(caches.Get("default").TryGet<string>("k", out _));
        Assert.False(caches.Get("sessions").TryGet<string>("k", out _));
    }

    [Theory]
    [InlineData("{}", "body")]
    [InlineData("null", "body")]
    [InlineData("", "body")]
    [InlineData("[]", "body")]
    [InlineData("{\"keys\":\"a\"}", "keys")]
    [InlineData("{\"keys\":[\"\"]}", "keys[0]")]
    [InlineData("{\"keys\":[null]}", "keys[0]")]
    [InlineData("{\"keys\":[\"a\\u0000b\"]}", "keys[0]")]
    [InlineData("{\"tags\":[\"ok\",\"a\\nb\"]}", "tags[1]")]
    [InlineData("{\"all\":true,\"keys\":[\"a\"]}", "body")]
    [InlineData("{\"cache\":\"nowhere\",\"all\":true}", "cache")]
    [InlineData("{\"unknown\":1}", "unknown")]
    [InlineData("{\"all\":true,\"all\":true}", "all")]
    public async Task Bad_input_gets_a_message_at_its_field(string json, string field)
    {
        await using var site = await Site.StartAsync(settings: Site.Opened);
        using var client = site.Client("operator");

        var (status, body) = await PostAsync(client, json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var errors = JsonDocument.Parse(body).RootElement.GetProperty("errors");
        Assert.Contains(errors.EnumerateObject(), error => error.Name.StartsWith(field, StringComparison.Ordinal) || error.Name == "body");
    }

    [Fact]
    public async Task Too_much_and_the_wrong_kind_are_refused_as_such()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened);
        using var client = site.Client("operator");
        var big = "{\"keys\":[\"" + new string('a', 70_000) + "\"]}";

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(client, big)).Status);
        using var chunked = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(big)));
        chunked.Headers.ContentType = new("application/json");
        client.DefaultRequestHeaders.TransferEncodingChunked = true;
        using var response = await client.PostAsync("/api/cache/invalidate", chunked);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        client.DefaultRequestHeaders.TransferEncodingChunked = false;
        using var form = await client.PostAsync("/api/cache/invalidate", new StringContent("all=true", Encoding.UTF8, "application/x-www-form-urlencoded"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        Assert.Equal("application/problem+json", form.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Hostile_names_come_back_as_data_and_stay_on_one_log_line()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened);
        using var client = site.Client("operator");

        var (status, body) = await PostAsync(client, """{"tags":["<script>alert(1)</script>","; rm -rf /","\u2028forged"]}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.DoesNotContain("<script>", body, StringComparison.Ordinal);
        Assert.DoesNotContain(site.Log, line => line.Contains('\u2028', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Warmers_run_all_or_by_name_and_an_unknown_one_is_named()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened, millrace: m => m.Cache
            .AddWarmer("one", async (_, cache, ct) =>
            {
                await cache.SetAsync("warm", "v", CachePolicies.Short, cancellationToken: ct);
                return 1;
            })
            .AddWarmer("two", (_, _, _) => throw new InvalidOperationException("no source")));
        using var client = site.Client("operator");

        var (status, body) = await PostAsync(client, """{"warmers":["one"]}""", "/api/cache/warm");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("\"entries\":1", body, StringComparison.Ordinal);
        Assert.True(site.Get<Cache>().TryGet<string>("warm", out _));
        var all = await PostAsync(client, "{}", "/api/cache/warm");
        Assert.Contains("no source", all.Body, StringComparison.Ordinal);
        var unknown = await PostAsync(client, """{"warmers":["one","three"]}""", "/api/cache/warm");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.Status);
        Assert.Contains("warmers[1]", unknown.Body, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(HttpClient client, string json, string path = "/api/cache/invalidate")
    {
        using var response = await client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
