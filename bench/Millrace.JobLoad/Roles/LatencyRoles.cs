using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Jobs;

namespace Millrace.JobLoad.Roles;

/// <summary>The roles of the engine in figures of latency: a worker, and in another process a sender at a steady pace.</summary>
internal static class LatencyRoles
{
    private const int WarmAtOnce = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs jobs as they come, and measures until the handler starts.</summary>
    public static async Task<RoleReport> WaitAsync(RoleOptions options)
    {
        using var host = Engine.Build(options, works: true, static jobs => jobs.AddHandler<Work, StampedWorkHandler>(Work.Name));
        await host.StartAsync();
        Console.WriteLine(RunningRole.Ready);
        var log = host.Services.GetRequiredService<WorkLog>();
        await log.AllAsync();
        var jobs = host.Services.GetRequiredService<JobClient>();
        while (await Engine.TotalAsync(jobs) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        await host.StopAsync();
        return new RoleReport { Jobs = options.Jobs, P50 = log.Latency(0.5), P99 = log.Latency(0.99) };
    }

    /// <summary>Sends jobs that warm the worker, as fast as they go; then others at a steady pace, of which the first are not measured either.</summary>
    public static async Task<RoleReport> SendAsync(RoleOptions options)
    {
        using var host = Engine.Build(options, works: false, static jobs => jobs.AddHandler<Work, StampedWorkHandler>(Work.Name));
        await host.StartAsync();
        var jobs = host.Services.GetRequiredService<JobClient>();
        for (var warm = options.Warm; warm > 0; warm -= WarmAtOnce)
        {
            await Task.WhenAll(Enumerable.Range(0, Math.Min(WarmAtOnce, warm)).Select(_ => jobs.EnqueueAsync(Work.Plain()).AsTask()));
        }

        await Task.Delay(Pause, TimeProvider.System);
        var start = Stopwatch.GetTimestamp();
        var sent = new List<Task<string>>(options.Lead + options.Jobs);
        for (var i = 0; i < options.Lead + options.Jobs; i++)
        {
            var ahead = TimeSpan.FromSeconds((double)i / options.PerSecond) - Stopwatch.GetElapsedTime(start);
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead, TimeProvider.System);
            }

            sent.Add(jobs.EnqueueAsync(i < options.Lead ? Work.Plain() : Work.Stamped()).AsTask());
        }

        await Task.WhenAll(sent);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await host.StopAsync();
        return new RoleReport { Jobs = options.Jobs, Seconds = seconds };
    }
}
