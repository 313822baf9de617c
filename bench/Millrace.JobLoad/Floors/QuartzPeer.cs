using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.JobLoad.Roles;
using Quartz;

namespace Millrace.JobLoad.Floors;

/// <summary>Quartz.NET with its store in memory: as many one-off triggers of one durable job, each with the payload; as many threads, and triggers in
/// one batch, as jobs run at once. A job of its own for each trigger, or one trigger a batch (the default), was slower.</summary>
internal static class QuartzPeer
{
    private const string Payload = "payload";

    /// <summary>Schedules jobs while it stands by, then runs them until no trigger is left. The clock starts with the first that does not count as
    /// warming up.</summary>
    public static async Task<RoleReport> ProcessAsync(RoleOptions options)
    {
        var services = new ServiceCollection();
        services.AddLogging(static logging => logging.SetMinimumLevel(LogLevel.Warning).AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        services.AddSingleton(new WorkLog(options.Warm, options.Jobs));
        services.AddQuartz(quartz =>
        {
            quartz.UseInMemoryStore(static store => store.MisfireThreshold = TimeSpan.FromHours(1)); // triggers wait their turn here, they are not late
            quartz.UseDefaultThreadPool(options.Concurrency);
            quartz.ConfigureScheduler(scheduler => scheduler.MaxBatchSize = options.Concurrency);
            quartz.AddJobType<QuartzJob>();
        });
        await using var provider = services.BuildServiceProvider();
        var scheduler = await provider.GetRequiredService<ISchedulerFactory>().GetScheduler();
        await FillAsync(scheduler, options.Warm + options.Jobs);
        var log = provider.GetRequiredService<WorkLog>();
        await scheduler.Start();
        await log.AllAsync();
        while ((await scheduler.GetTriggerKeys(GroupMatcher<TriggerKey>.AnyGroup())).Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        var seconds = Stopwatch.GetElapsedTime(log.ClockStart).TotalSeconds;
        await scheduler.Shutdown(waitForJobsToComplete: true);
        return log.Started == options.Warm + options.Jobs
            ? new RoleReport { Jobs = options.Jobs, Seconds = seconds }
            : throw new InvalidOperationException($"{log.Started} jobs ran; there were {options.Warm + options.Jobs}.");
    }

    private static async Task FillAsync(IScheduler scheduler, int count)
    {
        var job = JobBuilder.Create<QuartzJob>().WithIdentity(Work.Name).StoreDurably().Build();
        await scheduler.AddJob(job);
        var payload = Work.Payload();
        for (var i = 0; i < count; i++)
        {
            await scheduler.ScheduleJob(TriggerBuilder.Create().ForJob(job).UsingJobData(Payload, payload).StartNow().Build());
        }
    }
}
