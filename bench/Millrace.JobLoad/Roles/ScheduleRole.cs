using System.Diagnostics;
using Microsoft.Extensions.Hosting;

namespace Millrace.JobLoad.Roles;

/// <summary>A process with many schedules, none of which falls due.</summary>
internal static class ScheduleRole
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(15); // by then what the start has set off is compiled

    /// <summary>Starts it and measures what share of a core it takes when nothing happens. <see cref="RoleReport.Seconds"/> is how long the start took.</summary>
    public static async Task<RoleReport> RunAsync(RoleOptions options)
    {
        // Once a year, half a year from now, each minute of that day in turn: none within the run.
        var day = TimeProvider.System.GetUtcNow().AddDays(180);
        using var host = Engine.Build(options, works: true, jobs =>
        {
            jobs.AddHandler<Work, WorkHandler>(Work.Name);
            for (var i = 0; i < options.Jobs; i++)
            {
                jobs.AddSchedule($"schedule-{i:D5}", $"{i % 60} {i / 60 % 24} {day.Day} {day.Month} *", Work.Plain());
            }
        }, idle: true);
        var start = Stopwatch.GetTimestamp();
        await host.StartAsync();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await Task.Delay(Settling, TimeProvider.System);
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        var measuring = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), TimeProvider.System);
        process.Refresh();
        var share = (process.TotalProcessorTime - before) / Stopwatch.GetElapsedTime(measuring);
        await host.StopAsync();
        return new RoleReport { Jobs = options.Jobs, Seconds = seconds, CpuPercent = 100 * share };
    }
}
