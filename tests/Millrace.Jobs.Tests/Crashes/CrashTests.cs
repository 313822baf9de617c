using System.Globalization;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>The program of Millrace.Jobs.CrashLab is killed, stopped and replaced, and its server too; nothing is lost, and nothing is done twice that must
/// be done once. Each run lasts a few seconds, or as many minutes as MILLRACE_CRASH_MINUTES says; MILLRACE_CRASH_SEED gives it another seed.</summary>
[Trait("req", "J-09"), Collection(HeavyCollection.Name)]
public sealed class CrashTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(1);

    private static TimeSpan Duration => double.TryParse(Environment.GetEnvironmentVariable("MILLRACE_CRASH_MINUTES"), CultureInfo.InvariantCulture, out var minutes)
        ? TimeSpan.FromMinutes(minutes)
        : TimeSpan.FromSeconds(5);

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("MILLRACE_CRASH_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 20_261_121;

    [Fact, Trait("peer", "1"), Trait("peer", "6"), Trait("peer", "9")]
    public async Task Every_acknowledged_job_ends_once_on_SQLite_while_processes_are_killed_and_stopped()
    {
        await using var server = new SqliteLab();
        await RunAsync(server);
    }

    [Fact, Trait("peer", "1"), Trait("peer", "2"), Trait("peer", "6"), Trait("peer", "9")]
    public async Task Every_acknowledged_job_ends_once_on_Redis_while_processes_and_Redis_are_killed_and_stopped()
    {
        await using var server = await RedisLab.StartAsync();
        await RunAsync(server);
    }

    [Fact, Trait("peer", "1"), Trait("peer", "2"), Trait("peer", "6"), Trait("peer", "9"), Trait("peer", "14")]
    public async Task Every_acknowledged_job_ends_once_on_PostgreSQL_while_processes_and_PostgreSQL_are_killed_and_stopped()
    {
        await using var server = await PostgresLab.StartAsync();
        await RunAsync(server);
    }

    [Fact, Trait("peer", "2"), Trait("peer", "13")]
    public async Task No_job_is_stuck_and_no_token_comes_again_while_Sentinels_replace_the_primary()
    {
        await using var server = await SentinelLab.StartAsync();
        await RunAsync(server);
    }

    [Fact, Trait("peer", "1"), Trait("peer", "12")]
    public async Task Every_acknowledged_job_ends_once_on_a_cluster_while_slots_move_and_processes_are_killed_and_stopped()
    {
        await using var server = await ClusterLab.StartAsync();
        await RunAsync(server);
    }

    [Theory, Trait("peer", "1")]
    [InlineData("sqlite")]
    [InlineData("redis")]
    [InlineData("postgres")]
    public async Task No_job_is_lost_or_ends_twice_when_its_process_is_killed_at_each_step(string store)
    {
        const int JobsPerLife = 24;
        string[] steps =
        [
            "Enqueue.before.3", "Enqueue.after.3", "Claim.before.2", "Claim.after.2", "ReportProgress.after.3", "Claim.after.5", "Heartbeat.before.1", "Heartbeat.after.1", "Sweep.after.2",
        ];
        await using var server = store switch { "sqlite" => (LabServer)new SqliteLab(), "redis" => await RedisLab.StartAsync(), _ => await PostgresLab.StartAsync() };
        var lives = new List<LabProcess>();
        try
        {
            for (var life = 0; life <= steps.Length; life++)
            {
                // The last range comes again and again until it is acknowledged: enqueuing it anew changes nothing.
                string[] range = [$"{(life * JobsPerLife) + 1}", $"{(life + 1) * JobsPerLife}", "100"];
                var step = life < steps.Length ? steps[life] : null;
                lives.Add(LabProcess.Start(server, "both", step, life == steps.Length ? ["1", range[1], "0"] : range));
                if (step is null)
                {
                    await lives[life].WaitForAsync("idle").WaitAsync(Guard, TestContext.Current.CancellationToken);
                    await lives[life].StopAsync();
                }
                else
                {
                    Assert.Equal(128 + 9, await lives[life].WaitForExitAsync().WaitAsync(Guard, TestContext.Current.CancellationToken)); // it died where it was told to
                }
            }

            var report = new CrashReport(lives);
            report.Compare();
            var jobs = await CrashRun.ReadAllAsync(await server.OpenAsync());
            output.WriteLine($"{report.Attempts} attempts of {jobs.Count} jobs");
            Assert.Equal(JobsPerLife * (steps.Length + 1), report.Acknowledged.Count);
            Assert.Equal(report.Acknowledged.Order(StringComparer.Ordinal), jobs.Select(static job => job.Id).Order(StringComparer.Ordinal));
            Assert.DoesNotContain(jobs, static job => job.State is not (JobState.Completed or JobState.Dead));
            Assert.Empty(report.Ends.GroupBy(static end => end.JobId).Where(static end => end.Count() > 1).Select(static end => string.Join(" and ", end)));
            Assert.Empty(report.Overlaps);
            Assert.Empty(report.Repeated);
        }
        finally
        {
            await Task.WhenAll(lives.Select(static life => life.DisposeAsync().AsTask()));
        }
    }

    private async Task RunAsync(LabServer server)
    {
        await using var run = new CrashRun(server, Seed, Duration, output);
        await run.RunAsync();
    }
}
