using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

[Trait("req", "J-12")]
public sealed class PostgresRegistrationTests(Server server) : IAsyncLifetime
{
    private Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await Database.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task UsePostgres_replaces_the_memory_store_and_its_database_is_the_one_named()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMillraceJobs().UsePostgres(_database.ConnectionString, options => options.Schema = "work");
        await using (var provider = services.BuildServiceProvider())
        {
            var store = provider.GetRequiredService<JobStore>();
            Assert.IsType<SqlJobStore>(store, exactMatch: false);
            Assert.Equal("postgres", store.Name);
            await Database.EnqueueAsync(store, Database.Job("a"));
            await using var connection = await provider.GetRequiredKeyedService<NpgsqlDataSource>(PostgresJobsBuilderExtensions.ServiceKey).OpenConnectionAsync();
            Assert.Equal(new NpgsqlConnectionStringBuilder(_database.ConnectionString).Database, connection.Database);
            Assert.True(await _database.ScalarAsync<bool>("SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'millrace'"));
        }

        Assert.NotNull(await _database.Open(schema: "work").GetAsync("a"));
    }

    [Fact]
    public async Task A_data_source_that_is_handed_over_stays_the_application_s()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMillraceJobs().UsePostgres(_database.Source);
        await using (var provider = services.BuildServiceProvider())
        {
            await Database.EnqueueAsync(provider.GetRequiredService<JobStore>(), Database.Job("a"));
        }

        Assert.Equal(1, await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job"));
    }

    [Fact]
    public async Task A_data_source_can_come_from_the_application_s_services()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(_database.Source);
        services.AddMillraceJobs().UsePostgres(static provider => provider.GetRequiredService<NpgsqlDataSource>());
        await using var provider = services.BuildServiceProvider();

        await Database.EnqueueAsync(provider.GetRequiredService<JobStore>(), Database.Job("a"));

        Assert.Equal(1, await _database.ScalarAsync<long>("SELECT count(*) FROM millrace.job"));
    }

    [Fact]
    public void UsePostgres_refuses_what_names_no_server()
    {
        var builder = new ServiceCollection().AddMillraceJobs();

        Assert.Throws<ArgumentException>(() => builder.UsePostgres(""));
        Assert.Throws<ArgumentException>(() => builder.UsePostgres("Database=app"));
        Assert.ThrowsAny<ArgumentException>(() => builder.UsePostgres("nonsense"));
        Assert.Throws<ArgumentException>(() => builder.UsePostgres("Host=localhost", static options => options.Schema = "not plain"));
    }
}
