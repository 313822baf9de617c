using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Jobs;

namespace Millrace.JobLoad.Roles;

/// <summary>The roles of the engine in figures of throughput. Each checks that the store holds what it has to at the end.</summary>
internal static class EngineRoles
{
    /// <summary>Jobs in one call of a bulk enqueue.</summary>
    public const int Bulk = 1_000;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    /// <summary>Stores waiting jobs.</summary>
    public static async Task<RoleReport> FillAsync(RoleOptions options)
    {
        using var host = Engine.Build(options, works: false, static jobs => jobs.AddHandler<Work, WorkHandler>(Work.Name));
        await host.StartAsync();
        var jobs = host.Services.GetRequiredService<JobClient>();
        var start = Stopwatch.GetTimestamp();
        await FillAsync(jobs, options.Jobs);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await Engine.ExpectWaitingAsync(jobs, options.Jobs);
        await host.StopAsync();
        return new RoleReport { Jobs = options.Jobs, Seconds = seconds };
    }

    /// <summary>Enqueues for a time: one by one, many at once, or many in a call.</summary>
    public static async Task<RoleReport> EnqueueAsync(RoleOptions options)
    {
        using var host = Engine.Build(options, works: false, static jobs => jobs.AddHandler<Work, WorkHandler>(Work.Name));
        await host.StartAsync();
        var jobs = host.Services.GetRequiredService<JobClient>();
        var warm = await EnqueueAsync(jobs, options.AtOnce, WarmUp);
        var start = Stopwatch.GetTimestamp();
        var measured = await EnqueueAsync(jobs, options.AtOnce, TimeSpan.FromSeconds(options.Seconds));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await Engine.ExpectWaitingAsync(jobs, warm + measured);
        await host.StopAsync();
        return new RoleReport { Jobs = measured, Seconds = seconds };
    }

    /// <summary>Runs jobs that are there (in memory: that it has put there) until the store is empty. The clock starts with the first that does
    /// not count as warming up.</summary>
    public static async Task<RoleReport> ProcessAsync(RoleOptions options)
    {
        using var host = Engine.Build(options, works: true, static jobs => jobs.AddHandler<Work, WorkHandler>(Work.Name));
        var jobs = host.Services.GetRequiredService<JobClient>();
        if (options.Store == StoreChoice.Memory)
        {
            await FillAsync(jobs, options.Warm + options.Jobs);
        }

        var log = host.Services.GetRequiredService<WorkLog>();
        await host.StartAsync();
        await log.AllAsync();
        while (await Engine.TotalAsync(jobs) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        var seconds = Stopwatch.GetElapsedTime(log.ClockStart).TotalSeconds;
        await host.StopAsync();
        return log.Started == options.Warm + options.Jobs
            ? new RoleReport { Jobs = options.Jobs, Seconds = seconds }
            : throw new InvalidOperationException($"{log.Started} jobs ran; there were {options.Warm + options.Jobs}.");
    }

    private static async Task FillAsync(JobClient jobs, int count)
    {
        for (var done = 0; done < count; done += Bulk)
        {
            await jobs.EnqueueManyAsync(Work.Many(Math.Min(Bulk, count - done)));
        }
    }

    /// <summary>Enqueues for a time and tells how many it were.</summary>
    public static async Task<long> EnqueueAsync(JobClient jobs, int atOnce, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var callers = new Task<long>[atOnce == Bulk ? 1 : atOnce];
        for (var i = 0; i < callers.Length; i++)
        {
            callers[i] = Task.Run(async () =>
            {
                var count = 0L;
                while (Stopwatch.GetTimestamp() < until)
                {
                    if (atOnce == Bulk)
                    {
                        count += (await jobs.EnqueueManyAsync(Work.Many(Bulk))).Count;
                    }
                    else
                    {
                        await jobs.EnqueueAsync(Work.Plain());
                        count++;
                    }
                }

                return count;
            });
        }

        return (await Task.WhenAll(callers)).Sum();
    }
}
