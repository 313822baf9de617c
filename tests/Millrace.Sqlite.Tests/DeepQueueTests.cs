using System.Data.Common;
using Microsoft.Data.Sqlite;
using Millrace.Jobs;
using Millrace.TestKit;
using SQLitePCL;

namespace Millrace.Sqlite.Tests;

/// <summary>What an operation costs does not depend on how many jobs wait, counted in the steps of SQLite's machine: with 50,000 jobs no operation takes noticeably more than with 100.</summary>
[Trait("req", "J-12")]
public sealed class DeepQueueTests : IAsyncDisposable
{
    private readonly StoreFixture _fixture = new();
    private long _steps;

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Every_operation_takes_as_many_steps_with_50_000_waiting_jobs_as_with_100()
    {
        await using var source = new CountingSource(_fixture.Source, () => Interlocked.Increment(ref _steps));
        await using var store = SqlJobStore.OnSqlite(source, new FakeClock());
        await store.InitializeAsync();
        await FillAsync(store, 100, 1);
        var few = await MeasureAsync(store, "few");

        await FillAsync(store, 50_000, 2);
        var many = await MeasureAsync(store, "many");

        Assert.Equal(few.Keys.Order(), many.Keys.Order());
        Assert.All(few.Values, static steps => Assert.True(steps > 10, "The steps are not counted."));
        Assert.Empty(many.Where(operation => operation.Value > (few[operation.Key] * 3 / 2) + 200).Select(operation => $"{operation.Key}: {few[operation.Key]} steps, then {operation.Value}"));
    }

    /// <summary>Waiting jobs, half of them with a tag, and some in every other state.</summary>
    private async Task FillAsync(JobStore store, int count, int round)
    {
        for (var done = 0; done < count; done += 1_000)
        {
            await store.EnqueueAsync([.. Enumerable.Range(done, Math.Min(1_000, count - done)).Select(n => StoreFixture.Job($"{round}-{n}") with { Tags = n % 2 == 0 ? ["t"] : [], Priority = n % 5 })], int.MaxValue);
        }

        await _fixture.EnqueueAsync(store, [.. Enumerable.Range(0, 60).Select(n => StoreFixture.Job($"{round}-later-{n}") with { Delay = TimeSpan.FromDays(1) })]);
        foreach (var kind in new[] { FinishKind.Completed, FinishKind.Dead, FinishKind.Cancelled })
        {
            await _fixture.EnqueueAsync(store, [.. Enumerable.Range(0, 60).Select(n => StoreFixture.Job($"{round}-{kind}-{n}", "other"))]);
            var jobs = (await store.ClaimAsync(StoreFixture.Ask("w", 60, "other"))).Jobs;
            await store.FinishAsync([.. jobs.Select(job => new JobFinish { Run = new(job.Queue, job.Id, job.Token), Kind = kind, Error = "boom" })]);
        }
    }

    /// <summary>The steps of each operation when it is done for the second time.</summary>
    private async Task<Dictionary<string, long>> MeasureAsync(JobStore store, string round)
    {
        var keep = new JobRetention(TimeSpan.FromDays(365), 1_000_000);
        var operations = new Dictionary<string, Func<int, Task>>(StringComparer.Ordinal)
        {
            ["enqueue"] = n => store.EnqueueAsync([StoreFixture.Job($"{round}-new-{n}") with { Tags = ["t"] }], int.MaxValue).AsTask(),
            ["unique"] = n => store.EnqueueAsync([StoreFixture.Job($"{round}-key-{n}") with { Unique = new() { Key = $"{round}-{n}", Until = UniqueUntil.Ended } }], int.MaxValue).AsTask(),
            ["claim and finish"] = async n =>
            {
                var job = Assert.Single((await store.ClaimAsync(StoreFixture.Ask($"{round}-w", 1))).Jobs);
                await store.FinishAsync([new JobFinish { Run = new(job.Queue, job.Id, job.Token), Kind = n == 0 ? FinishKind.Completed : FinishKind.Retry, Remove = true }]);
            },
            ["wait"] = _ => store.WaitForWorkAsync(["default"], DateTimeOffset.UnixEpoch).AsTask(),
            ["heartbeat"] = _ => store.HeartbeatAsync(new HeartbeatRequest { Worker = new(round, "host", 1, ["default"]), Lease = TimeSpan.FromMinutes(1), Runs = [] }).AsTask(),
            ["sweep"] = _ => store.SweepAsync(new SweepRequest { Completed = keep, Cancelled = keep, Dead = keep }).AsTask(),
            ["cancel"] = n => store.CancelAsync($"{round}-new-{n}").AsTask(),
            ["get"] = n => store.GetAsync($"{round}-key-{n}").AsTask(),
            ["queues"] = _ => store.GetQueuesAsync().AsTask(),
            ["list by tag"] = _ => store.ListAsync(new JobQuery { Tag = "t", PageSize = 50 }).AsTask(),
            ["list"] = _ => store.ListAsync(new JobQuery { PageSize = 50 }).AsTask(),
        };
        foreach (var state in new[] { JobState.Waiting, JobState.Scheduled, JobState.Completed, JobState.Dead, JobState.Cancelled })
        {
            operations[$"list {state}"] = async _ => Assert.Equal(50, (await store.ListAsync(new JobQuery { State = state, PageSize = 50 })).Jobs.Count);
        }

        var steps = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, operation) in operations)
        {
            await operation(0);
            var before = Interlocked.Read(ref _steps);
            await operation(1);
            steps[name] = Interlocked.Read(ref _steps) - before;
        }

        return steps;
    }

    /// <summary>Connections that count the steps of what they run.</summary>
    private sealed class CountingSource(SqliteDataSource inner, Action count) : DbDataSource
    {
        public override string ConnectionString => inner.ConnectionString;

        protected override DbConnection CreateDbConnection()
        {
            var connection = (SqliteConnection)inner.CreateConnection();
            connection.StateChange += (_, change) =>
            {
                if (change.CurrentState == System.Data.ConnectionState.Open)
                {
                    raw.sqlite3_progress_handler(connection.Handle, 1, Count, count);
                }
            };
            return connection;
        }

        private static int Count(object count)
        {
            ((Action)count)();
            return 0;
        }
    }
}
