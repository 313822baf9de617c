using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;

namespace Millrace.JobLoad.Roles;

/// <summary>A host with the engine as an application would have it, on the store of a role.</summary>
internal static class Engine
{
    /// <summary>The host, not started.</summary>
    /// <param name="options">The role's.</param>
    /// <param name="works">Whether it runs jobs.</param>
    /// <param name="configure">Adds to it; the handler of <see cref="Work"/> at least.</param>
    /// <param name="idle">Whether it keeps the engine's own intervals, to be watched while nothing happens.</param>
    public static IHost Build(RoleOptions options, bool works, Action<JobsBuilder> configure, bool idle = false)
    {
        _ = Work.Payload(); // of the size that is claimed
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton(new WorkLog(options.Warm, options.Jobs));
        var jobs = builder.Services.AddMillraceJobs(engine =>
        {
            engine.RunWorkers = works;
            engine.RunSchedules = works;
            engine.DefaultConcurrency = Math.Max(1, options.Concurrency);
            engine.MaximumQueueLength = int.MaxValue;
            engine.CompletedRetention = new JobRetention(TimeSpan.FromDays(1), 0);
            if (!idle)
            {
                // Completed jobs are removed by the sweep: it comes often, so that the last of them don't wait long for it.
                engine.SweepInterval = TimeSpan.FromMilliseconds(100);
            }
        });
        StoreChoice.Use(jobs, options);
        configure(jobs);
        return builder.Build();
    }

    /// <summary>Jobs that the store holds, whatever their state.</summary>
    public static async Task<long> TotalAsync(JobClient jobs)
    {
        var total = 0L;
        foreach (var queue in await jobs.GetQueuesAsync())
        {
            total += queue.Waiting + queue.Delayed + queue.Retrying + queue.Running + queue.Completed + queue.Dead + queue.Cancelled;
        }

        return total;
    }

    /// <summary>Fails unless the store holds as many waiting jobs.</summary>
    public static async Task ExpectWaitingAsync(JobClient jobs, long expected)
    {
        var waiting = 0L;
        foreach (var queue in await jobs.GetQueuesAsync())
        {
            waiting += queue.Waiting;
        }

        if (waiting != expected)
        {
            throw new InvalidOperationException($"{waiting} jobs wait; {expected} were enqueued.");
        }
    }
}
