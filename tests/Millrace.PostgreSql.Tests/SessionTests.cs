using System.Data.Common;
using Millrace.Jobs;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>What becomes of a store's connections when the server ends some of them.</summary>
[Trait("req", "J-09")]
public sealed class SessionTests(Server server) : IAsyncLifetime
{
    private const string OfTheStore = "datname = current_database() AND application_name = 'store'";

    private Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await Database.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task One_lost_connection_makes_the_store_close_all_that_were_idle()
    {
        await using var source = NpgsqlDataSource.Create(_database.ConnectionString + ";Application Name=store");
        await using var store = SqlJobStore.OnPostgres(source);
        await Database.EnqueueAsync(store, Database.Job("a"));
        await OpenManyAsync(store);
        var before = await _database.ColumnAsync($"SELECT pid::text FROM pg_stat_activity WHERE {OfTheStore}");
        Assert.InRange(before.Count, 8, 20);

        // The one that is used next: it was used last.
        await store.GetAsync("a");
        await _database.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OfTheStore} ORDER BY state_change DESC LIMIT 1");
        Assert.NotNull(await store.GetAsync("a"));

        await Poll.UntilAsync(
            async () => (await _database.ColumnAsync($"SELECT pid::text FROM pg_stat_activity WHERE {OfTheStore}")).Intersect(before).Count() is > 0 and var left ? $"{left} are open" : null,
            "all connections of before are closed");
    }

    [Fact]
    public async Task Connections_that_died_in_their_pool_are_passed_over()
    {
        await using var source = new StaleDataSource(_database.ConnectionString);
        await using var store = SqlJobStore.OnPostgres(source);
        await Database.EnqueueAsync(store, Database.Job("a"));

        await source.KeepAsync(5);
        await _database.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OfTheStore}");

        Assert.NotNull(await store.GetAsync("a"));
        Assert.Equal(0, source.Kept);
    }

    /// <summary>Lets the store use many connections at once.</summary>
    private async Task OpenManyAsync(JobStore store)
    {
        Task[] looks;
        await using (var connection = await _database.Source.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("LOCK TABLE millrace.job", connection, transaction);
            await hold.ExecuteNonQueryAsync();
            looks = [.. Enumerable.Range(0, 12).Select(_ => store.GetAsync("a").AsTask())];
            await Poll.UntilAsync(
                async () => await _database.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE {OfTheStore} AND wait_event_type = 'Lock'") == 12 ? null : "some are not there yet",
                "all connections wait for the lock");
        }

        await Task.WhenAll(looks).WaitAsync(Database.Guard);
    }

    /// <summary>A pool that does not notice when its connections die.</summary>
    private sealed class StaleDataSource(string connectionString) : DbDataSource
    {
        private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString + ";Application Name=store;Pooling=false");
        private readonly Queue<NpgsqlConnection> _kept = [];

        public override string ConnectionString => _source.ConnectionString;

        public int Kept => _kept.Count;

        public async Task KeepAsync(int number)
        {
            for (var i = 0; i < number; i++)
            {
                _kept.Enqueue(await _source.OpenConnectionAsync());
            }
        }

        protected override DbConnection CreateDbConnection() => _source.CreateConnection();

        protected override async ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) =>
            _kept.TryDequeue(out var kept) ? kept : await _source.OpenConnectionAsync(cancellationToken);

        protected override async ValueTask DisposeAsyncCore()
        {
            await _source.DisposeAsync();
            await base.DisposeAsyncCore();
        }
    }
}
