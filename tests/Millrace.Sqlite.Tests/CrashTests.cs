using System.Globalization;
using Millrace.Jobs;
using Millrace.TestKit;

namespace Millrace.Sqlite.Tests;

/// <summary>A program that enqueues and runs jobs is killed (kill -9) again and again at seeded random moments; nothing that it acknowledged is lost.</summary>
[Trait("req", "J-09"), Trait("peer", "1")]
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private const int Jobs = 1_000;
    private const int Kills = 6;
    private const int Seed = 20_261_120;
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(3);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task No_acknowledged_job_is_lost_when_the_process_is_killed_again_and_again()
    {
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var file = _directory.File("crash.db");
        var acknowledged = new HashSet<string>(StringComparer.Ordinal);
        var ends = new List<(string Id, string State)>();
        for (var life = 0; life <= Kills; life++)
        {
            // The first number without an acknowledgement; later ones may have been acknowledged before, then enqueuing them again changes nothing.
            var first = Enumerable.Range(1, Jobs + 1).First(number => !acknowledged.Contains(Id(number)));
            await using var program = ChildProcess.Start("dotnet", [
                Path.Combine(AppContext.BaseDirectory, "Millrace.Jobs.CrashLab.dll"), "sqlite", file, "both", first.ToString(CultureInfo.InvariantCulture), Jobs.ToString(CultureInfo.InvariantCulture)]);
            if (life < Kills)
            {
                var left = random.Next(100, 600); // lines until the kill: acknowledgements, attempts and ends in whatever order they come
                await program.WaitForLineAsync(_ => --left == 0).WaitAsync(Guard);
                await program.KillAsync();
            }
            else
            {
                await program.WaitForLineAsync(static line => line == "idle").WaitAsync(Guard);
            }

            Read(program, acknowledged, ends);
            output.WriteLine($"life {life}: from {first}, {acknowledged.Count} acknowledged, {ends.Count} ends seen");
        }

        Assert.Equal(Jobs, acknowledged.Count);
        Assert.Empty(ends.GroupBy(static end => end.Id).Where(static end => end.Count() > 1).Select(static end => $"seed {Seed}: {end.Key} ended as {string.Join(" and ", end)}"));
        await CheckAsync(file, acknowledged, ends.ToDictionary(static end => end.Id, static end => end.State));
    }

    private static async Task CheckAsync(string file, HashSet<string> acknowledged, Dictionary<string, string> ends)
    {
        await using var source = new SqliteDataSource(file);
        await using var store = SqlJobStore.OnSqlite(source, TimeProvider.System);
        var retried = 0;
        foreach (var id in acknowledged)
        {
            var job = await store.GetAsync(id);
            Assert.True(job is { State: JobState.Completed or JobState.Dead }, $"seed {Seed}: {id} is {job?.State.ToString() ?? "lost"}");
            var number = int.Parse(id.AsSpan(4), CultureInfo.InvariantCulture);
            Assert.Equal(number % 13 == 0 ? JobState.Dead : JobState.Completed, job!.State);
            Assert.True(!ends.TryGetValue(id, out var seen) || seen == job.State.ToString(), $"seed {Seed}: {id} ended as {seen} and is {job.State}");
            retried += job.Attempt > 1 ? 1 : 0;
        }

        var queue = Assert.Single(await store.GetQueuesAsync());
        Assert.Equal((0, 0, 0, 0), (queue.Waiting, queue.Delayed, queue.Retrying, queue.Running));
        Assert.Equal((Jobs, Jobs / 13), (queue.Completed + queue.Dead, queue.Dead));
        Assert.True(retried >= Jobs / 7 - (Jobs / 7 / 13) - 1, $"seed {Seed}: only {retried} jobs had a second attempt");
    }

    private void Read(ChildProcess program, HashSet<string> acknowledged, List<(string Id, string State)> ends)
    {
        foreach (var line in program.Lines)
        {
            var words = line.Split(' ');
            switch (words)
            {
                case ["ack", var id]:
                    acknowledged.Add(id);
                    break;
                case ["end", var id, var state]:
                    ends.Add((id, state));
                    break;
                case ["begin" or "done" or "beat" or "ready" or "idle", ..]:
                    break;
                default:
                    output.WriteLine(line); // a log line; on a busy machine a heartbeat may come late
                    break;
            }
        }
    }

    private static string Id(int number) => string.Create(CultureInfo.InvariantCulture, $"job-{number:0000}");
}
