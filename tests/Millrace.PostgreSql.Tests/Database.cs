using System.Text;
using Millrace.Jobs;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>A database of a test's own, stores on it, and words for what tests do with them.</summary>
internal sealed class Database : IAsyncDisposable
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);
    private readonly List<IAsyncDisposable> _opened = [];

    private Database(string connectionString) => (ConnectionString, Source) = (connectionString, NpgsqlDataSource.Create(connectionString));

    public string ConnectionString { get; }

    /// <summary>Reaches the database as another program would.</summary>
    public NpgsqlDataSource Source { get; }

    public static async Task<Database> CreateAsync(Server server) => new(await server.CreateDatabaseAsync());

    /// <summary>A database without the store's tables, for tests of how they come into being.</summary>
    public static async Task<Database> CreateBareAsync(Server server) => new(await server.Postgres.CreateDatabaseAsync());

    /// <summary>A store with connections of its own, as another process would have.</summary>
    public SqlJobStore Open(TimeProvider? clock = null, string schema = SqlJobStore.DefaultSchema)
    {
        var source = NpgsqlDataSource.Create(ConnectionString);
        var store = SqlJobStore.OnPostgres(source, schema, clock);
        _opened.AddRange([source, store]);
        return store;
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _opened.Count - 1; i >= 0; i--)
        {
            await _opened[i].DisposeAsync();
        }

        await Source.DisposeAsync();
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The first column of every row.</summary>
    public async Task<List<string>> ColumnAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<string>();
        while (await reader.ReadAsync())
        {
            values.Add(reader.GetString(0));
        }

        return values;
    }

    public static NewJob Job(string id, string queue = "default") => new()
    {
        Id = id,
        Queue = queue,
        Type = "work",
        Payload = Encoding.UTF8.GetBytes($"{{\"id\":\"{id}\"}}"),
        MaxAttempts = 3,
    };

    public static Task<EnqueueOutcome> EnqueueAsync(JobStore store, params NewJob[] jobs) => store.EnqueueAsync(jobs, 1_000_000).AsTask();

    public static WorkerIdentity Worker(string id, params string[] queues) => new(id, "host", 1, queues.Length == 0 ? ["default"] : queues);

    public static ClaimRequest Ask(string worker, int maximum, string queue = "default") => new()
    {
        Worker = Worker(worker, queue),
        Lease = TimeSpan.FromMinutes(1),
        Queues = [new QueueCapacity(queue, maximum)],
        MaximumJobs = maximum,
    };

    public static JobRun Run(ClaimedJob job) => new(job.Queue, job.Id, job.Token);

    public static JobFinish Complete(ClaimedJob job) => new() { Run = Run(job), Kind = FinishKind.Completed };

    /// <summary>Everything that a store tells, but for the counts of states that it may show either way.</summary>
    public static async Task<string> DescribeAsync(JobStore store)
    {
        var lines = new List<string>();
        var query = new JobQuery { PageSize = JobLimits.MaximumPageSize };
        do
        {
            var page = await store.ListAsync(query);
            foreach (var job in page.Jobs)
            {
                lines.Add($"{job} tags {string.Join(',', job.Tags)} payload {Convert.ToHexString(job.Payload.Span)} result {(job.Result is { } result ? Convert.ToHexString(result.Span) : "none")}");
            }

            query = query with { Cursor = page.Next };
        }
        while (query.Cursor is not null);
        lines.AddRange((await store.GetWorkersAsync()).Select(static worker => $"{worker} {string.Join(',', worker.Identity.Queues)}"));
        lines.AddRange((await store.GetSchedulesAsync()).Select(
            static schedule => $"{schedule} {string.Join(',', schedule.Definition.Tags)} {Convert.ToHexString(schedule.Definition.Payload.Span)}"));
        lines.AddRange((await store.GetQueuesAsync()).Select(static queue => queue.ToString()));
        return string.Join('\n', lines);
    }

    /// <summary>What the counts would be if all jobs were counted, in the form of <see cref="CountsAsync"/>.</summary>
    public Task<List<string>> CountAsync() => ColumnAsync("""
        SELECT concat_ws(' ', queue, count(*) FILTER (WHERE state = 0 AND attempt = 0), count(*) FILTER (WHERE state = 0 AND attempt > 0),
          count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 3), count(*) FILTER (WHERE state = 4),
          count(*) FILTER (WHERE state = 5))
        FROM millrace.job GROUP BY queue ORDER BY queue
        """);

    public static async Task<List<string>> CountsAsync(JobStore store) => [.. (await store.GetQueuesAsync()).Select(static queue =>
        $"{queue.Name} {queue.Delayed} {queue.Retrying} {queue.Waiting} {queue.Running} {queue.Completed} {queue.Dead} {queue.Cancelled}")];
}
