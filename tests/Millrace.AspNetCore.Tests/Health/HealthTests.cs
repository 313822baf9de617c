using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Caching;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.AspNetCore.Tests.Health;

[Trait("req", "H-06")]
public sealed class HealthTests
{
    [Fact]
    public async Task Outside_Development_health_says_its_status_and_nothing_else()
    {
        await using var site = await Site.StartAsync("Production");
        using var client = site.Client();

        Assert.Equal("""{"status":"Healthy"}""", await client.GetStringAsync("/health/live"));
        Assert.Equal("""{"status":"Degraded"}""", await client.GetStringAsync("/health/ready")); // these sites run no workers
    }

    [Fact]
    public async Task In_Development_callers_on_this_machine_see_the_checks()
    {
        await using var site = await Site.StartAsync("Development");
        using var client = site.Client();

        var here = await client.GetStringAsync("/health/ready");
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        var elsewhere = await client.GetStringAsync("/health/ready");

        foreach (var check in new[] { "millrace-cache", "millrace-job-store", "millrace-workers", "millrace-channels" })
        {
            Assert.Contains(check, here, StringComparison.Ordinal);
            Assert.DoesNotContain(check, elsewhere, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("req", "C-09")]
    public async Task A_cache_without_its_second_level_goes_on_and_says_so()
    {
        await using var server = await RedisServer.StartAsync();
        await using var site = await Site.StartAsync("Development", Site.Opened, m => m.Cache.UseRedis(server.Address));
        using var client = site.Client("reader");
        await SaysAsync(isSharing: true);

        await server.KillAsync();

        await SaysAsync(isSharing: false);
        Assert.Contains("Without their second level: default.", await client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        Assert.Equal(1, await site.Get<Cache>().GetOrCreateAsync("k", static _ => ValueTask.FromResult(1), CachePolicies.Short));

        Task SaysAsync(bool isSharing) => Poll.UntilAsync(
            async () =>
            {
                using var health = JsonDocument.Parse(await client.GetStringAsync("/api/cache/health"));
                var cache = health.RootElement.EnumerateArray().Single(static cache => cache.GetProperty("name").GetString() == "default");
                var (said, status) = (cache.GetProperty("isSharing").GetBoolean(), cache.GetProperty("status").GetString());
                return said == isSharing && status == (isSharing ? "healthy" : "degraded") ? null : $"it says {said} and {status}";
            },
            "the cache says how it is");
    }

    [Fact]
    public async Task A_failing_check_makes_ready_503_and_leaves_live_alone()
    {
        await using var site = await Site.StartAsync("Production", build: builder => builder.Services.AddHealthChecks()
            .AddCheck("broken", () => HealthCheckResult.Unhealthy("secret detail"), ["ready"]));
        using var client = site.Client();

        using var ready = await client.GetAsync("/health/ready");
        using var live = await client.GetAsync("/health/live");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("""{"status":"Unhealthy"}""", await ready.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }
}
