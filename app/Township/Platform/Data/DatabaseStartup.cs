namespace Township.Platform.Data;

/// <summary>Migrates and seeds before any other hosted service starts: workers and requests find the schema they expect.</summary>
internal sealed class DatabaseStartup(
    Database database, Migrator migrator, IEnumerable<ISeeder> seeders, TimeProvider time, ILogger<DatabaseStartup> logger)
    : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async sql =>
            {
                var applied = await migrator.ApplyAsync(sql, cancellationToken);
                foreach (var migration in applied)
                {
                    Log.MigrationApplied(logger, migration.Module, migration.Number, migration.Name);
                }

                await SeedAsync(sql, cancellationToken);
            },
            cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task SeedAsync(DatabaseTransaction sql, CancellationToken cancellationToken)
    {
        await sql.ExecuteAsync(
            "create table if not exists seeds (name text not null primary key, seeded_at bigint not null)",
            cancellationToken: cancellationToken);
        var done = (await sql.QueryAsync<string>("select name from seeds", cancellationToken: cancellationToken)).ToHashSet();
        foreach (var seeder in seeders)
        {
            if (!seeder.Enabled || done.Contains(seeder.Name))
            {
                continue;
            }

            var start = time.GetTimestamp();
            await seeder.SeedAsync(sql, cancellationToken);
            await sql.ExecuteAsync(
                "insert into seeds (name, seeded_at) values (@name, @now)",
                new { name = seeder.Name, now = time.GetUtcNow().ToUnixTimeMilliseconds() },
                cancellationToken);
            Log.Seeded(logger, seeder.Name, (long)time.GetElapsedTime(start).TotalMilliseconds);
        }
    }
}
