using System.Net;
using System.Text.Json;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Tests.Management;

[Trait("req", "H-03")]
public sealed class JobEndpointTests
{
    [Fact]
    public async Task Jobs_are_listed_by_filter_and_page_by_page()
    {
        await using var site = await StartAsync();
        using var client = site.Client("reader");
        var jobs = site.Get<JobClient>();
        for (var i = 0; i < 5; i++)
        {
            await jobs.EnqueueAsync(new Ping(i), o => o.Queue(i % 2 == 0 ? "even" : "odd").Tag($"n:{i}"));
        }

        Assert.Equal(3, Count(await GetAsync(client, "/api/jobs?queue=even")));
        Assert.Equal(1, Count(await GetAsync(client, "/api/jobs?tag=n:3&state=waiting&type=ping")));
        Assert.Equal(0, Count(await GetAsync(client, "/api/jobs?state=DEAD")));
        Assert.Equal(5, Count(await GetAsync(client, "/api/jobs?from=2020-01-01&until=2999-12-31T00:00:00%2B02:00")));
        Assert.Equal(0, Count(await GetAsync(client, "/api/jobs?state=waiting&until=2020-01-01T00:00:00Z")));
        var first = await GetAsync(client, "/api/jobs?pageSize=2");
        await jobs.EnqueueAsync(new Ping(99), static o => o.Priority(10)); // comes first, and does not shift the pages
        var second = await GetAsync(client, $"/api/jobs?pageSize=2&cursor={Uri.EscapeDataString(first.GetProperty("next").GetString()!)}");
        var third = await GetAsync(client, $"/api/jobs?pageSize=2&cursor={Uri.EscapeDataString(second.GetProperty("next").GetString()!)}");
        var ids = new[] { first, second, third }.SelectMany(page => page.GetProperty("jobs").EnumerateArray()).Select(job => job.GetProperty("id").GetString()).ToArray();
        Assert.Equal(5, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(JsonValueKind.Null, third.GetProperty("next").ValueKind);
    }

    [Theory]
    [InlineData("state=lost", "state")]
    [InlineData("state=1", "state")]
    [InlineData("pageSize=0", "pageSize")]
    [InlineData("pageSize=501", "pageSize")]
    [InlineData("pageSize=ten", "pageSize")]
    [InlineData("cursor=nonsense", "cursor")]
    [InlineData("from=yesterday", "from")]
    [InlineData("until=2026-13-01", "until")]
    [InlineData("queue=a%00b", "queue")]
    [InlineData("tag=%0d%0aSet-Cookie:x", "tag")]
    public async Task A_bad_filter_gets_a_message_at_its_field(string query, string field)
    {
        await using var site = await StartAsync();
        using var client = site.Client("reader");

        using var response = await client.GetAsync($"/api/jobs?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var errors = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("errors");
        Assert.True(errors.TryGetProperty(field, out _), errors.ToString());
    }

    [Fact]
    public async Task A_job_is_shown_cancelled_and_deleted_and_what_is_out_of_order_is_a_conflict()
    {
        await using var site = await StartAsync();
        using var client = site.Client("operator");
        var id = await site.Get<JobClient>().EnqueueAsync(new Ping(7));

        Assert.Equal("{\"Number\":7}", (await GetAsync(client, $"/api/jobs/{id}")).GetProperty("payload").GetString(), ignoreCase: true);
        Assert.Equal(HttpStatusCode.Conflict, await SendAsync(client, "POST", $"/api/jobs/{id}/retry"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(client, "POST", $"/api/jobs/{id}/cancel"));
        Assert.Equal(HttpStatusCode.Conflict, await SendAsync(client, "POST", $"/api/jobs/{id}/cancel"));
        Assert.Equal("cancelled", (await GetAsync(client, $"/api/jobs/{id}")).GetProperty("state").GetString());
        Assert.Equal(HttpStatusCode.OK, await SendAsync(client, "DELETE", $"/api/jobs/{id}"));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(client, "DELETE", $"/api/jobs/{id}"));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(client, "GET", $"/api/jobs/{new string('x', 500)}"));
    }

    [Fact, Trait("req", "J-11")]
    public async Task A_job_shows_its_group()
    {
        await using var site = await StartAsync();
        using var client = site.Client("reader");
        var id = await site.Get<JobClient>().EnqueueAsync(new Ping(7), static options => options.Group("tenant:7"));
        var other = await site.Get<JobClient>().EnqueueAsync(new Ping(8));

        Assert.Equal("tenant:7", (await GetAsync(client, $"/api/jobs/{id}")).GetProperty("group").GetString());
        Assert.Equal(JsonValueKind.Null, (await GetAsync(client, $"/api/jobs/{other}")).GetProperty("group").ValueKind);
    }

    [Fact, Trait("req", "J-10")]
    public async Task A_job_shows_what_it_waits_for_and_what_waits_for_it()
    {
        await using var site = await StartAsync();
        using var client = site.Client("operator");
        var flow = new JobFlow();
        var first = flow.Add(new Ping(1));
        var second = flow.Add(new Ping(2)).After(first).When(JobCondition.AllCompletedOrCancel);
        await site.Get<JobClient>().EnqueueFlowAsync(flow);

        Assert.Equal(1, Count(await GetAsync(client, "/api/jobs?state=blocked")));
        Assert.Equal(1, (await GetAsync(client, "/api/jobs/stats")).GetProperty("totals").GetProperty("blocked").GetInt64());
        Assert.Equal(second.Id, Assert.Single((await GetAsync(client, $"/api/jobs/{first.Id}")).GetProperty("before").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal(JsonValueKind.Null, (await GetAsync(client, $"/api/jobs/{first.Id}")).GetProperty("runsWhen").ValueKind);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(client, "POST", $"/api/jobs/{first.Id}/cancel"));
        var waiting = await GetAsync(client, $"/api/jobs/{second.Id}");
        Assert.Equal(("cancelled", "allCompletedOrCancel"), (waiting.GetProperty("state").GetString(), waiting.GetProperty("runsWhen").GetString()));
        Assert.Equal("cancelled", Assert.Single(waiting.GetProperty("after").EnumerateArray()).GetProperty("ended").GetString());
    }

    [Fact]
    public async Task Payloads_are_for_operators()
    {
        await using var site = await StartAsync();
        using var reader = site.Client("reader");
        var id = await site.Get<JobClient>().EnqueueAsync(new Ping(7));

        var job = await GetAsync(reader, $"/api/jobs/{id}");

        Assert.Equal(JsonValueKind.Null, job.GetProperty("payload").ValueKind);
        Assert.True(job.GetProperty("payloadBytes").GetInt32() > 0);
    }

    [Fact]
    public async Task Queues_pause_and_resume_and_unknown_ones_are_not_found()
    {
        await using var site = await StartAsync();
        using var client = site.Client("operator");
        await site.Get<JobClient>().EnqueueAsync(new Ping(1), o => o.Queue("mine"));

        Assert.Equal(HttpStatusCode.OK, await SendAsync(client, "POST", "/api/jobs/queues/mine/pause"));
        Assert.True((await site.Get<JobClient>().GetQueuesAsync()).Single(q => q.Name == "mine").Paused);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(client, "POST", "/api/jobs/queues/mine/resume"));
        Assert.False((await site.Get<JobClient>().GetQueuesAsync()).Single(q => q.Name == "mine").Paused);
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(client, "POST", "/api/jobs/queues/none/pause"));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(client, "POST", "/api/jobs/schedules/none/trigger"));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(client, "POST", "/api/jobs/schedules/none/pause"));
    }

    private static Task<Site> StartAsync() => Site.StartAsync(settings: Site.Opened, millrace: m => m.Jobs.AddHandler<Ping, PingHandler>("ping"));

    private static int Count(JsonElement page) => page.GetProperty("jobs").GetArrayLength();

    private static async Task<JsonElement> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient client, string method, string path)
    {
        using var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        return response.StatusCode;
    }

    private sealed record Ping(int Number);

    private sealed class PingHandler : IJobHandler<Ping>
    {
        public Task HandleAsync(Ping job, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
