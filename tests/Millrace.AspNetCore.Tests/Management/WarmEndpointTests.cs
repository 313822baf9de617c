using System.Net;
using System.Text;
using System.Text.Json;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Caching;
using Millrace.TestKit;

namespace Millrace.AspNetCore.Tests.Management;

[Trait("req", "C-18")]
public sealed class WarmEndpointTests
{
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

        var (status, body) = await PostAsync(client, """{"warmers":["one"]}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("\"entries\":1", body, StringComparison.Ordinal);
        Assert.True(site.Get<Cache>().TryGet<string>("warm", out _));
        var all = await PostAsync(client, "{}");
        Assert.Contains("no source", all.Body, StringComparison.Ordinal);
        var unknown = await PostAsync(client, """{"warmers":["one","three"]}""");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.Status);
        Assert.Contains("warmers[1]", unknown.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_in_the_background_shows_its_progress_and_can_be_cancelled()
    {
        var inSecond = new TaskCompletionSource();
        await using var site = await Site.StartAsync(settings: Site.Opened, millrace: m => m.Cache.AddWarmer(
            "slow",
            static (_, _) => Candidates(2),
            async (_, batch, token) =>
            {
                if (batch[0].Key == "k:1")
                {
                    inSecond.SetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                }

                return batch.Count;
            },
            plan => (plan.BatchSize, plan.MaximumConcurrency, plan.Priority) = (1, 1, CacheWarmingPriority.Low)));
        using var client = site.Client("operator");

        Assert.Equal((HttpStatusCode.Accepted, """{"warmers":["slow"]}"""), await PostAsync(client, """{"wait":false}"""));
        await inSecond.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var run = (await GetAsync(client, "/api/cache/warm/runs"))[0];
        Assert.Equal(("running", 50.0, 2, 1), (run.GetProperty("outcome").GetString(), run.GetProperty("percent").GetDouble(), run.GetProperty("total").GetInt32(), run.GetProperty("done").GetInt32()));
        var id = run.GetProperty("id").GetInt64();
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(client, "{}", $"/api/cache/warm/runs/{id}/cancel")).Status);
        await Poll.UntilAsync(
            async () => (await GetAsync(client, "/api/cache/warm/runs"))[0].GetProperty("outcome").GetString() is "cancelled" ? null : "it goes on", "the run has ended");
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(client, "{}", $"/api/cache/warm/runs/{id}/cancel")).Status);
        var warmer = (await GetAsync(client, "/api/cache/warm"))[0];
        Assert.Equal(("slow", "low", 1), (warmer.GetProperty("name").GetString(), warmer.GetProperty("priority").GetString(), warmer.GetProperty("runs").GetInt32()));
    }

    [Fact]
    public async Task Warmers_per_user_run_for_the_user_named()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened, millrace: m => m.Cache.AddUserWarmer(
            "profile",
            static (_, _) => Candidates(1),
            static async (context, batch, token) =>
            {
                await context.Cache.SetAsync($"user:{batch[0].UserId}", "v", CachePolicies.Short, cancellationToken: token);
                return 1;
            }));
        using var client = site.Client("operator");

        var (status, body) = await PostAsync(client, """{"userId":"7"}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("\"userId\":\"7\"", body, StringComparison.Ordinal);
        Assert.True(site.Get<Cache>().TryGet<string>("user:7", out _));
        Assert.Equal((HttpStatusCode.OK, "[]"), await PostAsync(client, "{}")); // it is not for all
    }

    [Theory]
    [InlineData("""{"warmers":["profile"]}""", "warmers[0]")]
    [InlineData("""{"userId":"7","warmers":["profile"]}""", "userId")]
    [InlineData("""{"userId":"7","wait":false}""", "userId")]
    [InlineData("""{"userId":" "}""", "userId")]
    [InlineData("""{"userId":"a\u0000b"}""", "userId")]
    [InlineData("""{"wait":1}""", "wait")]
    public async Task Bad_input_gets_a_message_at_its_field(string json, string field)
    {
        await using var site = await Site.StartAsync(settings: Site.Opened, millrace: m => m.Cache.AddUserWarmer(
            "profile", static (_, _) => Candidates(1), static (_, batch, _) => ValueTask.FromResult(batch.Count)));
        using var client = site.Client("operator");

        var (status, body) = await PostAsync(client, json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains($"\"{field}", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_has_to_be_warm_first_is_not_ready_until_it_is()
    {
        var gate = new TaskCompletionSource<int>();
        await using var site = await Site.StartAsync(settings: Site.Opened, millrace: m => m.Cache.AddWarmer(
            "first", (_, _, _) => new ValueTask<int>(gate.Task), plan => (plan.OnStart, plan.StartDelay, plan.RequiredForReadiness) = (true, TimeSpan.Zero, true)));
        using var client = site.Client("operator");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await ReadyAsync(client));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).StatusCode);
        gate.SetResult(1);
        await Poll.UntilAsync(async () => await ReadyAsync(client) is HttpStatusCode.OK ? null : "not ready", "the process is ready");
    }

    private static async Task<HttpStatusCode> ReadyAsync(HttpClient client)
    {
        using var response = await client.GetAsync("/health/ready");
        return response.StatusCode;
    }

    private static async IAsyncEnumerable<CacheWarmingCandidate> Candidates(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.CompletedTask;
            yield return new CacheWarmingCandidate($"k:{i}", -i + count);
        }
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) =>
        JsonDocument.Parse(await client.GetStringAsync(path)).RootElement.Clone();

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(HttpClient client, string json, string path = "/api/cache/warm")
    {
        using var response = await client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
