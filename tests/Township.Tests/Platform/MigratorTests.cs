using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.TestKit;
using Township.Platform;
using Township.Platform.Data;

namespace Township.Tests.Platform;

public sealed class MigratorTests(PostgresFixture postgres) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Databases => ["SQLite", "PostgreSQL"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Two_programs_that_start_together_apply_each_migration_once(string kind)
    {
        var (connection, migrations) = (await ConnectionAsync(kind), Create(("A", 1, "create table a (id text primary key)")));
        await using var first = Services(connection);
        await using var second = Services(connection);

        var applied = await Task.WhenAll(
            Task.Run(() => ApplyAsync(first, migrations)), Task.Run(() => ApplyAsync(second, migrations)));

        Assert.Equal([0, 1], applied.Select(list => list.Count).Order());
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Only_what_is_missing_is_applied_and_a_failure_leaves_nothing_behind(string kind)
    {
        await using var services = Services(await ConnectionAsync(kind));
        await ApplyAsync(services, Create(("A", 1, "create table a (id text primary key)")));

        await Assert.ThrowsAnyAsync<DbException>(() => ApplyAsync(services, Create(
            ("A", 1, "create table a (id text primary key)"),
            ("A", 2, "create table b (id text primary key)"),
            ("A", 3, "this is not sql"))));
        var applied = await ApplyAsync(services, Create(
            ("A", 1, "create table a (id text primary key)"), ("A", 2, "create table b (id text primary key)")));

        Assert.Equal(2, Assert.Single(applied).Number);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_schema_of_a_newer_program_is_refused(string kind)
    {
        await using var services = Services(await ConnectionAsync(kind));
        await ApplyAsync(services, Create(
            ("A", 1, "create table a (id text primary key)"), ("A", 2, "create table b (id text primary key)")));

        var refusal = await Assert.ThrowsAsync<UnusableSettingException>(
            () => ApplyAsync(services, Create(("A", 1, "create table a (id text primary key)"))));

        Assert.Contains("A 0002", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("newer version", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_migration_that_was_changed_after_it_had_been_applied_is_refused(string kind)
    {
        await using var services = Services(await ConnectionAsync(kind));
        await ApplyAsync(services, Create(("A", 1, "create table a (id text primary key)")));

        Assert.Empty(await ApplyAsync(services, Create(("A", 1, "create table a (id text primary key)".ReplaceLineEndings("\r\n")))));
        var refusal = await Assert.ThrowsAsync<UnusableSettingException>(
            () => ApplyAsync(services, Create(("A", 1, "create table a (id text primary key, name text)"))));

        Assert.Contains("was changed", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task First_data_is_made_once_even_by_two_that_start_together(string kind)
    {
        var connection = await ConnectionAsync(kind);
        var migrations = Create(("A", 1, "create table a (id text primary key)"));
        var starts = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            await using var services = Services(connection);
            var startup = new DatabaseStartup(
                services.GetRequiredService<Database>(), new Migrator(migrations, new FakeClock()), [new OneRow(), new Unwanted()],
                new FakeClock(), NullLogger<DatabaseStartup>.Instance);
            await startup.StartingAsync(CancellationToken.None);
        }));

        await Task.WhenAll(starts);

        await using var check = Services(connection);
        var database = check.GetRequiredService<Database>();
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from a"));
        Assert.Equal(["one-row"], await database.QueryAsync<string>("select name from seeds"));
    }

    [Fact]
    public void The_migrations_of_every_module_are_numbered_without_gaps()
    {
        var modules = Township.Platform.TownshipModules.All.Select(module => module.Name).ToList();

        var migrations = Migration.Embedded(typeof(Migration).Assembly, modules);

        Assert.Contains(migrations, migration => migration is { Module: "Accounts", Number: 1, Name: "users" });
        Assert.Equal(
            typeof(Migration).Assembly.GetManifestResourceNames().Count(name => name.StartsWith("migrations/", StringComparison.Ordinal)),
            migrations.Count);
    }

    private static Migration[] Create(params (string Module, int Number, string Sql)[] migrations) =>
        [.. migrations.Select(migration => new Migration(migration.Module, migration.Number, "test", migration.Sql))];

    private static Task<IReadOnlyList<Migration>> ApplyAsync(ServiceProvider services, IReadOnlyList<Migration> migrations) =>
        services.GetRequiredService<Database>().InTransactionAsync(
            sql => new Migrator(migrations, new FakeClock()).ApplyAsync(sql, CancellationToken.None));

    private async Task<string> ConnectionAsync(string kind) =>
        kind == "SQLite" ? $"Data Source={Path.Combine(_folder.Path, "test.db")}" : await postgres.CreateDatabaseAsync();

    private ServiceProvider Services(string connection)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMetrics();
        services.AddSingleton<TimeProvider>(new FakeClock());
        services.AddTownshipData(connection, TestData.Directory(_folder.Path), []);
        return services.BuildServiceProvider();
    }

    private sealed class OneRow : ISeeder
    {
        public string Name => "one-row";

        public bool Enabled => true;

        public Task SeedAsync(DatabaseTransaction sql, CancellationToken cancellationToken) =>
            sql.ExecuteAsync("insert into a (id) values ('1')", cancellationToken: cancellationToken);
    }

    private sealed class Unwanted : ISeeder
    {
        public string Name => "unwanted";

        public bool Enabled => false;

        public Task SeedAsync(DatabaseTransaction sql, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("It is not enabled.");
    }
}
