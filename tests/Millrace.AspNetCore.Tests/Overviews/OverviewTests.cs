using System.Net;
using System.Text.Json;
using Millrace.AspNetCore.Overviews;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Caching;

namespace Millrace.AspNetCore.Tests.Overviews;

[Trait("req", "H-08")]
public sealed class OverviewTests
{
    [Fact]
    public void The_ring_keeps_the_last_samples_in_order()
    {
        var history = new History(3, DateTimeOffset.UnixEpoch);
        for (var i = 0; i < 5; i++)
        {
            history.Add(SampleOf(i));
        }

        Assert.Equal([2L, 3, 4], history.From(0).Select(s => s.Sequence));
        Assert.Equal([4L], history.From(4).Select(s => s.Sequence));
        Assert.Empty(history.From(5));
        Assert.Equal(5, history.Next);
    }

    [Fact]
    public async Task The_overview_shows_what_was_done()
    {
        await using var site = await Site.StartAsync("Development");
        using var client = site.Client();
        var cache = site.Get<Cache>();
        await cache.SetAsync("project:1", "v", CachePolicies.Short);
        cache.TryGet<string>("project:1", out _);

        var overview = JsonDocument.Parse(await client.GetStringAsync("/api/overview")).RootElement;

        var shown = overview.GetProperty("caches").EnumerateArray().Single(c => c.GetProperty("name").GetString() == "default");
        Assert.Equal((1, 1), (shown.GetProperty("hits").GetInt32(), shown.GetProperty("entries").GetInt32()));
        Assert.Equal("memory", overview.GetProperty("jobs").GetProperty("store").GetString());
        Assert.Equal("Development", overview.GetProperty("environment").GetString());
    }

    [Fact]
    public async Task The_stream_sends_overviews_until_the_application_stops()
    {
        var site = await Site.StartAsync("Development", new Dictionary<string, string?> { ["Millrace:LiveInterval"] = "00:00:00.250" });
        using var client = site.Client();
        using var response = await client.GetAsync("/api/live", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        for (var seen = 0; seen < 2;)
        {
            var line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
            if (line == "event: overview")
            {
                using var data = JsonDocument.Parse((await reader.ReadLineAsync())!["data: ".Length..]);
                Assert.Equal(JsonValueKind.Array, data.RootElement.GetProperty("caches").ValueKind);
                seen++;
            }
        }

        await site.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30)); // ends rather than hangs
    }

    [Fact]
    public async Task One_stream_too_many_is_told_to_come_back()
    {
        await using var site = await Site.StartAsync("Development", new Dictionary<string, string?> { ["Millrace:MaximumLiveStreams"] = "1" });
        using var client = site.Client();
        using var first = await client.GetAsync("/api/live", HttpCompletionOption.ResponseHeadersRead);

        using var second = await client.GetAsync("/api/live", HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Assert.Equal("10", second.Headers.GetValues("Retry-After").Single());
    }

    [Fact]
    public async Task A_reader_is_told_that_it_only_reads()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened);
        using var reader = site.Client("reader");
        using var operating = site.Client("operator");

        Assert.Equal("""{"user":"reader","canOperate":false}""", await reader.GetStringAsync("/api/access"));
        Assert.Equal("""{"user":"operator","canOperate":true}""", await operating.GetStringAsync("/api/access"));
    }

    private static Sample SampleOf(long sequence) => new()
    {
        Sequence = sequence, At = DateTimeOffset.UnixEpoch, Hits = 0, Misses = 0, PageHits = 0, PageMisses = 0, Entries = 0, SizeBytes = 0,
        Waiting = null, Running = null, Dead = null, Completed = 0, Failed = 0, Connections = 0, Deliveries = 0,
    };
}
