using System.Diagnostics;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Millrace.AspNetCore.Metrics;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Caching;
using Millrace.Jobs;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.AspNetCore.Tests.Metrics;

[Trait("req", "H-04")]
public sealed class PrometheusTests
{
    [Fact]
    public async Task Promtool_accepts_the_page_and_its_counters_equal_the_operations_done()
    {
        var completed = new Completions(3);
        await using var site = await Site.StartAsync(settings: Site.Opened, millrace: m =>
        {
            m.Services.AddSingleton<IJobObserver>(completed);
            m.Services.Configure<JobsOptions>(jobs => jobs.RunWorkers = true);
            m.Jobs.AddHandler<Work, WorkHandler>("work");
        });
        using var client = site.Client("reader");
        var cache = site.Get<Cache>();
        for (var i = 0; i < 10; i++)
        {
            await cache.GetOrCreateAsync($"item:{i % 4}", _ => ValueTask.FromResult("v"), CachePolicies.Short);
        }

        await site.Get<JobClient>().EnqueueManyAsync([new Work(1), new Work(2), new Work(3)]);
        await completed.All.WaitAsync(TimeSpan.FromSeconds(30));

        var text = await client.GetStringAsync("/api/cache/metrics/prometheus");

        Assert.Contains("cache_hits_total{cache=\"default\",cache_layer=\"l1\",key_pattern=\"item:{}\"} 6\n", text, StringComparison.Ordinal);
        Assert.Contains("cache_misses_total{cache=\"default\",cache_layer=\"l1\",key_pattern=\"item:{}\"} 4\n", text, StringComparison.Ordinal);
        Assert.Contains("queue_jobs_total{queue=\"default\",job_type=\"work\",status=\"completed\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("queue_job_duration_seconds_count{queue=\"default\",job_type=\"work\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("queue_job_duration_seconds_bucket{queue=\"default\",job_type=\"work\",le=\"+Inf\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("queue_size{queue=\"default\"} 0\n", text, StringComparison.Ordinal);
        await PromtoolAcceptsAsync(text);
    }

    [Fact, Trait("req", "C-24")]
    public async Task Of_a_shared_cache_the_page_tells_what_its_second_level_did()
    {
        await using var server = await RedisServer.StartAsync();
        await using var site = await Site.StartAsync(settings: Site.Opened, millrace: m => m.Cache.UseRedis(server.Address));
        var cache = site.Get<Cache>();
        await Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? null : "not connected"), "the cache has its second level");
        await cache.GetOrCreateAsync("item:1", static _ => ValueTask.FromResult("v"), CachePolicies.Short);
        await cache.GetOrCreateAsync(
            "item:1", 0, static (_, _) => ValueTask.FromResult("w"), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCacheRead });
        using var client = site.Client("reader");

        var text = await client.GetStringAsync("/api/cache/metrics/prometheus");

        Assert.Contains("cache_hits_total{cache=\"default\",cache_layer=\"l2\",key_pattern=\"item:{}\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("cache_second_level_up{cache=\"default\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("cache_second_level_up{cache=\"output\"}", text, StringComparison.Ordinal);
        Assert.Contains("cache_second_level_errors_total{cache=\"default\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("cache_operation_duration_seconds_count{cache=\"default\",cache_layer=\"l2\",operation=\"read\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("cache_operation_duration_seconds_bucket{cache=\"default\",cache_layer=\"l2\",operation=\"write\",le=\"+Inf\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("cache_operation_duration_seconds_count{cache=\"output\",cache_layer=\"source\",operation=\"read\"} 0\n", text, StringComparison.Ordinal);
        await PromtoolAcceptsAsync(text);
    }

    [Fact]
    public async Task Hostile_labels_are_escaped()
    {
        var text = new PrometheusText();
        text.Family("jobs_total", "counter", "Help with \\ and\nlines.");
        text.Sample("jobs_total", 1, ("queue", "a\"b\\c\nd} 7\nevil_total 1"), ("type", "\ud800"));

        Assert.Equal(3, text.ToString().Count(c => c == '\n'));
        await PromtoolAcceptsAsync(text.ToString());
    }

    private static async Task PromtoolAcceptsAsync(string text)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = promtool.StandardError.ReadToEndAsync();
        var output = promtool.StandardOutput.ReadToEndAsync();
        await promtool.StandardInput.WriteAsync(text);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(promtool.ExitCode == 0, $"{await output}{await errors}");
    }

    private sealed record Work(int Number);

    private sealed class Completions(int expected) : IJobObserver
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _seen;

        public Task All => _all.Task;

        public ValueTask OnChangedAsync(JobChange change, CancellationToken cancellationToken)
        {
            if (change.State == JobState.Completed && ++_seen == expected)
            {
                _all.SetResult();
            }

            return ValueTask.CompletedTask;
        }
    }

    private sealed class WorkHandler : IJobHandler<Work>
    {
        public Task HandleAsync(Work job, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
