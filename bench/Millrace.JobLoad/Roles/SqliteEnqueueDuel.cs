using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.JobLoad.Floors;
using Millrace.Jobs;

namespace Millrace.JobLoad.Roles;

/// <summary>The engine's enqueue and a raw insert, each on a file of its own, in turns of a fraction of a second: a flush of the disk takes thirty times
/// longer at one moment than at another, and so both sides meet the same moments.</summary>
internal static class SqliteEnqueueDuel
{
    private const int Turns = 20;
    private const int WarmTurns = 4;

    public static async Task<RoleReport> RunAsync(RoleOptions options)
    {
        using var host = Engine.Build(options, works: false, static jobs => jobs.AddHandler<Work, WorkHandler>(Work.Name));
        await host.StartAsync();
        var jobs = host.Services.GetRequiredService<JobClient>();
        var (source, insert) = await SqliteFloor.OpenForInsertsAsync(options, $"{options.At}.floor");
        await using (source)
        await using (insert.Connection)
        await using (insert)
        {
            var turn = TimeSpan.FromSeconds(options.Seconds / Turns);
            var (stored, ours, theirs) = (0L, new RoleReport { Jobs = 0 }, new RoleReport { Jobs = 0 });
            for (var i = -WarmTurns; i < Turns; i++)
            {
                var (other, otherSeconds) = await TimeAsync(() => SqliteFloor.InsertAsync(insert, turn));
                var (own, ownSeconds) = await TimeAsync(() => EngineRoles.EnqueueAsync(jobs, 1, turn));
                stored += own;
                if (i >= 0)
                {
                    theirs = theirs with { Jobs = theirs.Jobs + other, Seconds = theirs.Seconds + otherSeconds };
                    ours = ours with { Jobs = ours.Jobs + own, Seconds = ours.Seconds + ownSeconds };
                }
            }

            await Engine.ExpectWaitingAsync(jobs, stored);
            await host.StopAsync();
            return ours with { Other = theirs };
        }
    }

    private static async Task<(long Jobs, double Seconds)> TimeAsync(Func<Task<long>> side)
    {
        var start = Stopwatch.GetTimestamp();
        var jobs = await side();
        return (jobs, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
