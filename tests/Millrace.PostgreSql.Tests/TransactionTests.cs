using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>Jobs that are enqueued in a transaction of the caller's exist when it commits, and never else.</summary>
[Trait("req", "J-12")]
public sealed class TransactionTests(Server server) : IAsyncLifetime
{
    private Database _database = null!;
    private ServiceProvider _services = null!;
    private NpgsqlConnection _connection = null!;
    private JobClient _jobs = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.CreateAsync(server);
        var services = new ServiceCollection().AddLogging().AddSingleton<Outbox>();
        services.AddMillraceJobs(static options => options.MaximumQueueLength = 20).AddHandler<SendMail, SendMailHandler>("send-mail").UsePostgres(_database.ConnectionString);
        _services = services.BuildServiceProvider();
        _jobs = _services.GetRequiredService<JobClient>();
        _connection = await _database.Source.OpenConnectionAsync();
        await ExecuteAsync("CREATE TABLE orders (number integer PRIMARY KEY)");
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData(true, IsolationLevel.ReadCommitted)]
    [InlineData(false, IsolationLevel.ReadCommitted)]
    [InlineData(true, IsolationLevel.Serializable)]
    [InlineData(false, IsolationLevel.Serializable)]
    public async Task All_forms_of_enqueue_are_done_by_the_commit_and_undone_by_the_rollback(bool commits, IsolationLevel isolation)
    {
        await using var transaction = await _connection.BeginTransactionAsync(isolation);
        await ExecuteAsync("INSERT INTO orders VALUES (1)");
        var within = _jobs.InTransaction(transaction);
        await within.EnqueueAsync(new SendMail("plain"), static options => options.Id("plain").Tag("t"));
        await within.EnqueueManyAsync([new SendMail("first"), new SendMail("second")]);
        Assert.Equal("unique", await within.EnqueueAsync(new SendMail("unique"), static options => options.Id("unique").Unique("k")));
        Assert.Equal("unique", await within.EnqueueAsync(new SendMail("again"), static options => options.Unique("k")));
        var flow = new JobFlow();
        var before = flow.Add(new SendMail("before"), static options => options.Queue("flow"));
        flow.Add(new SendMail("after"), static options => options.Queue("flow")).After(before);
        await within.EnqueueFlowAsync(flow);
        Assert.Equal(0, (await _jobs.GetQueuesAsync()).Sum(static queue => queue.Waiting + queue.Blocked));

        await (commits ? transaction.CommitAsync() : transaction.RollbackAsync());

        var store = _services.GetRequiredService<JobStore>();
        Assert.Equal(commits ? 6 : 0, await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job"));
        Assert.Equal(commits ? 1 : 0, await _database.ScalarAsync<long>("SELECT count(*) FROM orders"));
        Assert.Equal(await _database.CountAsync(), await Database.CountsAsync(store));
        foreach (var table in (string[])["unique_key", "job_tag", "link", "wait"])
        {
            Assert.Equal(commits ? 1 : 0, await _database.ScalarAsync<long>($"SELECT count(*) FROM millrace.{table}"));
        }
    }

    [Fact]
    public async Task The_connection_stays_as_it_was()
    {
        await using (var transaction = await _connection.BeginTransactionAsync())
        {
            var within = _jobs.InTransaction(transaction);
            await within.EnqueueAsync(new SendMail("a"));
            await within.EnqueueAsync(new SendMail("b"), static options => options.Unique("k"));
            var flow = new JobFlow();
            flow.Add(new SendMail("c"));
            await within.EnqueueFlowAsync(flow);
            Assert.Empty(await ColumnAsync("SELECT name FROM pg_settings WHERE source = 'session' AND (name LIKE 'enable%' OR name IN ('jit', 'plan_cache_mode'))"));
            Assert.Empty(await ColumnAsync("SELECT name FROM pg_prepared_statements"));
            Assert.Empty(await ColumnAsync("SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"));
            await transaction.CommitAsync();
        }

        Assert.Equal(ConnectionState.Open, _connection.State);
        await using var next = await _connection.BeginTransactionAsync();
        await _jobs.InTransaction(next).EnqueueAsync(new SendMail("d"), static options => options.Unique("l"));
        var error = await Assert.ThrowsAsync<PostgresException>(() => next.RollbackAsync("millrace"));
        Assert.Equal("3B001", error.SqlState); // there is no such savepoint
    }

    [Fact]
    public async Task A_long_transaction_holds_up_nobody()
    {
        var store = _database.Open();
        await Database.EnqueueAsync(store, Database.Job("before"));
        await using var transaction = await _connection.BeginTransactionAsync();
        await _jobs.InTransaction(transaction).EnqueueManyAsync([new SendMail("a"), new SendMail("b")]);
        var flow = new JobFlow();
        flow.Add(new SendMail("c"));
        await _jobs.InTransaction(transaction).EnqueueFlowAsync(flow);

        await Database.EnqueueAsync(store, Database.Job("x"), Database.Job("y")).WaitAsync(Database.Guard);
        await store.EnqueueFlowAsync([Database.Job("z") with { After = [new JobAddress("default", "x")] }], 1_000).AsTask().WaitAsync(Database.Guard);
        var claimed = (await store.ClaimAsync(Database.Ask("w", 10)).AsTask().WaitAsync(Database.Guard)).Jobs;
        Assert.Equal(["before", "x", "y"], claimed.Select(static job => job.Id));
        await store.FinishAsync([.. claimed.Select(Database.Complete)]).AsTask().WaitAsync(Database.Guard);
        await store.SweepAsync(new SweepRequest { Completed = Keep, Cancelled = Keep, Dead = Keep }).AsTask().WaitAsync(Database.Guard);
        Assert.Equal("z", Assert.Single((await store.ClaimAsync(Database.Ask("w", 10)).AsTask().WaitAsync(Database.Guard)).Jobs).Id);

        await transaction.CommitAsync();
        Assert.Equal(3, (await store.ClaimAsync(Database.Ask("w", 10))).Jobs.Count);
    }

    [Fact]
    public async Task A_unique_key_of_an_open_transaction_is_free_again_when_it_is_rolled_back()
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        await _jobs.InTransaction(transaction).EnqueueAsync(new SendMail("a"), static options => options.Id("a").Unique("k"));
        var other = _jobs.EnqueueAsync(new SendMail("b"), static options => options.Id("b").Unique("k")).AsTask();
        await Poll.UntilAsync(
            async () => await _database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1 ? null : "it does not",
            "the other enqueue waits for the transaction");

        await transaction.RollbackAsync();

        Assert.Equal("b", await other.WaitAsync(Database.Guard));
    }

    [Fact]
    public async Task A_full_queue_is_told_and_leaves_the_transaction_as_it_was()
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        var within = _jobs.InTransaction(transaction);
        await within.EnqueueManyAsync(Enumerable.Range(0, 19).Select(static number => new SendMail($"{number}")).ToList());
        await Assert.ThrowsAsync<JobQueueFullException>(() => within.EnqueueManyAsync([new SendMail("x"), new SendMail("y")]).AsTask());
        await within.EnqueueAsync(new SendMail("z"));
        await transaction.CommitAsync();

        Assert.Equal(20, Assert.Single(await _jobs.GetQueuesAsync()).Waiting);
    }

    [Fact]
    public async Task What_is_no_transaction_of_the_jobs_database_under_way_is_refused_in_plain_words()
    {
        Assert.Null(await _jobs.GetAsync("none")); // opens the store
        await using var ended = await _connection.BeginTransactionAsync();
        await ended.CommitAsync();
        await RefusedAsync<InvalidOperationException>(ended, "The transaction has ended: it was committed or rolled back");
        await ended.DisposeAsync();
        await RefusedAsync<InvalidOperationException>(ended, "The transaction has ended: it was committed or rolled back");

        await using var other = await Database.CreateAsync(server);
        await using var connection = await other.Source.OpenConnectionAsync();
        await using var elsewhere = await connection.BeginTransactionAsync();
        await RefusedAsync<ArgumentException>(elsewhere, $"The transaction is one of the database '{connection.Database}'; the jobs are kept in '{_connection.Database}'.");

        await using var foreign = new ForeignTransaction();
        await RefusedAsync<ArgumentException>(foreign, "The transaction is one of ForeignConnection; the jobs are kept in PostgreSQL, which is reached by NpgsqlConnection.");

        await using var own = await _connection.BeginTransactionAsync();
        var error = await Assert.ThrowsAsync<NotSupportedException>(() => _jobs.InTransaction(own).EnqueueAsync(new SendMail("a"), static options => options.After("b")).AsTask());
        Assert.Contains("Enqueue both as one JobFlow", error.Message, StringComparison.Ordinal);
        await ExecuteAsync("DROP SCHEMA millrace CASCADE");
        await RefusedAsync<InvalidOperationException>(own, $"The transaction's connection cannot use the jobs' tables, schema 'millrace' of the database '{_connection.Database}'");
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("redis")]
    public async Task A_store_that_is_no_database_refuses_and_names_the_remedy(string kind)
    {
        var services = new ServiceCollection().AddLogging();
        var builder = services.AddMillraceJobs().AddHandler<SendMail, SendMailHandler>("send-mail");
        _ = kind == "redis" ? builder.UseRedis("127.0.0.1:1") : builder;
        await using var provider = services.BuildServiceProvider();
        await using var transaction = await _connection.BeginTransactionAsync();

        var error = await Assert.ThrowsAsync<NotSupportedException>(() => provider.GetRequiredService<JobClient>().InTransaction(transaction).EnqueueAsync(new SendMail("a")).AsTask());

        Assert.Equal(
            $"Jobs kept in the store '{kind}' cannot be enqueued in a database transaction. Keep them in the transaction's own database (UsePostgres of Millrace.PostgreSql, UseSqlite of Millrace.Sqlite); "
            + "or enqueue after the commit, with an id of your own (EnqueueOptions.Id), so that doing it again adds nothing.",
            error.Message);
    }

    [Fact]
    public async Task A_rolled_back_order_of_EF_Core_sends_no_mail()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton<Outbox>().AddDbContext<Shop>(options => options.UseNpgsql(_database.ConnectionString));
        builder.Services.AddMillraceJobs(static options => options.PollInterval = TimeSpan.FromMinutes(10)).AddHandler<SendMail, SendMailHandler>("send-mail").UsePostgres(_database.ConnectionString);
        using var host = builder.Build();
        await host.StartAsync();
        for (var number = 1; number <= 4; number++)
        {
            await using var scope = host.Services.CreateAsyncScope();
            var shop = scope.ServiceProvider.GetRequiredService<Shop>();
            await using var transaction = await shop.Database.BeginTransactionAsync();
            shop.Add(new Order { Number = number });
            await shop.SaveChangesAsync();
            var jobs = scope.ServiceProvider.GetRequiredService<JobClient>().InTransaction(shop.Database.CurrentTransaction!.GetDbTransaction());
            await jobs.EnqueueAsync(new SendMail($"order {number}"));
            await (number % 2 == 0 ? transaction.CommitAsync() : transaction.RollbackAsync());
        }

        var sent = host.Services.GetRequiredService<Outbox>();
        await Poll.UntilAsync(() => Task.FromResult(sent.Mails.Contains("order 4") && sent.Mails.Contains("order 2") ? null : "they are not"), "the mails of the orders are sent");
        await host.StopAsync();
        Assert.Equal(["order 2", "order 4"], sent.Mails.Order());
        Assert.Equal(["2", "4"], await _database.ColumnAsync("SELECT number::text FROM orders ORDER BY number"));
    }

    private static JobRetention Keep { get; } = new(TimeSpan.FromDays(1), 1_000);

    private async Task RefusedAsync<TError>(DbTransaction transaction, string message)
        where TError : Exception
    {
        var error = await Assert.ThrowsAsync<TError>(() => _jobs.InTransaction(transaction).EnqueueAsync(new SendMail("a")).AsTask());
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<List<string>> ColumnAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<string>();
        while (await reader.ReadAsync())
        {
            values.Add(reader.GetString(0));
        }

        return values;
    }

    internal sealed record SendMail(string Subject);

    internal sealed class Outbox
    {
        public ConcurrentBag<string> Mails { get; } = [];
    }

    internal sealed class SendMailHandler(Outbox outbox) : IJobHandler<SendMail>
    {
        public Task HandleAsync(SendMail job, JobContext context, CancellationToken cancellationToken)
        {
            outbox.Mails.Add(job.Subject);
            return Task.CompletedTask;
        }
    }

    internal sealed class Order
    {
        public int Number { get; set; }
    }

    internal sealed class Shop(DbContextOptions<Shop> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            var order = modelBuilder.Entity<Order>().ToTable("orders");
            order.HasKey(static order => order.Number);
            order.Property(static order => order.Number).HasColumnName("number").ValueGeneratedNever();
        }
    }

    private sealed class ForeignTransaction : DbTransaction
    {
        public override IsolationLevel IsolationLevel => IsolationLevel.Serializable;

        protected override DbConnection DbConnection { get; } = new ForeignConnection();

        public override void Commit() => throw new NotSupportedException();

        public override void Rollback() => throw new NotSupportedException();
    }

    private sealed class ForeignConnection : DbConnection
    {
        [System.Diagnostics.CodeAnalysis.AllowNull]
        public override string ConnectionString { get; set; } = "";

        public override string Database => "";

        public override string DataSource => "";

        public override string ServerVersion => "";

        public override ConnectionState State => ConnectionState.Open;

        public override void ChangeDatabase(string databaseName) => throw new NotSupportedException();

        public override void Close() => throw new NotSupportedException();

        public override void Open() => throw new NotSupportedException();

        protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw new NotSupportedException();

        protected override DbCommand CreateDbCommand() => throw new NotSupportedException();
    }
}
