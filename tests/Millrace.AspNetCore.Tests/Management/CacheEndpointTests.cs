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

        Assert.Equal((HttpStatusCode.OK, """{"caches":["sessions"],"keys":1,"tags":0,"patterns":0,"all":false}"""), (status, body));
        Assert.True(caches.Get("default").TryGet<string>("k", out _));
        Assert.False(caches.Get("sessions").TryGet<string>("k", out _));
    }

    [Fact, Trait("req", "C-10")]
    public async Task Patterns_are_invalidated_too()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened);
        using var client = site.Client("operator");
        var cache = site.Get<Cache>();
        await cache.SetAsync("user:42:profile", "v", CachePolicies.Short);
        await cache.SetAsync("user:421:profile", "v", CachePolicies.Short);

        var (status, body) = await PostAsync(client, """{"patterns":["user:42:*"]}""");

        Assert.Equal((HttpStatusCode.OK, """{"caches":["default","output"],"keys":0,"tags":0,"patterns":1,"all":false}"""), (status, body));
        Assert.Equal((false, true), (cache.TryGet<string>("user:42:profile", out _), cache.TryGet<string>("user:421:profile", out _)));
    }

    [Fact, Trait("req", "C-11")]
    public async Task An_event_from_outside_runs_its_rules_and_a_dry_run_only_tells_what_they_cover()
    {
        await using var site = await Site.StartAsync(
            settings: new Dictionary<string, string?>(Site.Opened)
            {
                ["Millrace:Cache:Rules:0:event"] = "payment.succeeded",
                ["Millrace:Cache:Rules:0:keys:0"] = "payment:history:{userId}",
                ["Millrace:Cache:Rules:0:patterns:0"] = "user:{userId}:*",
            },
            millrace: m => m.Services.AddMillraceCache("sessions").InvalidateOn("payment.succeeded", e => e.Tag("user:{userId}").Confirmed()));
        using var client = site.Client("operator");
        var cache = site.Get<Cache>();
        await cache.SetAsync("payment:history:42", "v", CachePolicies.Short);
        await cache.SetAsync("user:42:profile", "v", CachePolicies.Short);
        const string Event = """{"event":"payment.succeeded","data":{"userId":42}}""";

        var preview = await PostAsync(client, Event, "/api/cache/invalidate?dryRun=true");

        Assert.Equal(HttpStatusCode.OK, preview.Status);
        var caches = JsonDocument.Parse(preview.Body).RootElement.GetProperty("caches").EnumerateArray().ToDictionary(target => target.GetProperty("cache").GetString()!);
        Assert.Equal("""["payment:history:42"]""", caches["default"].GetProperty("keys").GetRawText());
        Assert.Equal("""["user:42:*"]""", caches["default"].GetProperty("patterns").GetRawText());
        Assert.Equal(("""["user:42"]""", true), (caches["sessions"].GetProperty("tags").GetRawText(), caches["sessions"].GetProperty("confirmed").GetBoolean()));
        Assert.True(cache.TryGet<string>("payment:history:42", out _) && cache.TryGet<string>("user:42:profile", out _));
        Assert.Contains(site.Log, line => line.Contains("cache.invalidate", StringComparison.Ordinal) && line.Contains("previewed", StringComparison.Ordinal));

        var (status, body) = await PostAsync(client, Event);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("\"keys\":1,\"tags\":1,\"patterns\":1,\"all\":false", body, StringComparison.Ordinal);
        Assert.False(cache.TryGet<string>("payment:history:42", out _) || cache.TryGet<string>("user:42:profile", out _));

        var missing = await PostAsync(client, """{"event":"payment.succeeded","data":{"user":"s3cret"}}""");
        Assert.Equal(HttpStatusCode.BadRequest, missing.Status);
        Assert.Contains("needs the part", missing.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", missing.Body, StringComparison.Ordinal);
        Assert.Contains(site.Log, line => line.Contains("failed in part", StringComparison.Ordinal));
        var dry = await PostAsync(client, """{"event":"payment.succeeded"}""", "/api/cache/invalidate?dryRun=true");
        Assert.Contains("it is null", dry.Body, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "C-11")]
    public async Task A_dry_run_of_names_tells_the_caches_that_would_lose_them()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened);
        using var client = site.Client("operator");
        await site.Get<Cache>().SetAsync("a", "v", CachePolicies.Short);

        var (status, body) = await PostAsync(client, """{"keys":["a"]}""", "/api/cache/invalidate?dryRun=true");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""["default","output"]""", JsonSerializer.Serialize(JsonDocument.Parse(body).RootElement.GetProperty("caches").EnumerateArray().Select(target => target.GetProperty("cache").GetString())));
        Assert.True(site.Get<Cache>().TryGet<string>("a", out _));
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(client, """{"keys":["a"]}""", "/api/cache/invalidate?dryRun=perhaps")).Status);
        Assert.True(site.Get<Cache>().TryGet<string>("a", out _));
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
    [InlineData("{\"patterns\":[\"user:42\"]}", "body")]
    [InlineData("{\"event\":\"e\",\"keys\":[\"a\"]}", "body")]
    [InlineData("{\"event\":\"e\",\"cache\":\"default\"}", "body")]
    [InlineData("{\"event\":\" \"}", "event")]
    [InlineData("{\"event\":\"a\\u0000b\"}", "event")]
    [InlineData("{\"keys\":[\"a\"],\"data\":{}}", "data")]
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

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(HttpClient client, string json, string path = "/api/cache/invalidate")
    {
        using var response = await client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
