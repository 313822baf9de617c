namespace Township.Platform.Data;

/// <summary>
/// Brings the schema up to date: in one transaction, under a lock, so that of two programs that start together one works and
/// the other waits and then finds nothing to do. Refuses a schema that is newer than the program, and a migration whose text
/// changed after it had been applied.
/// </summary>
internal sealed class Migrator(IReadOnlyList<Migration> migrations, TimeProvider time)
{
    // Any constant does; it only has to be the same in every Township.
    private const long AdvisoryLock = 0x546F776E73686970;

    /// <summary>Takes the lock (held until the transaction ends), applies what is missing and returns it.</summary>
    /// <exception cref="UnusableSettingException">The database was made by a newer or an altered program.</exception>
    public async Task<IReadOnlyList<Migration>> ApplyAsync(DatabaseTransaction sql, CancellationToken cancellationToken)
    {
        // SQLite needs nothing more: the transaction began with BEGIN IMMEDIATE.
        if (sql.Dialect is SqlDialect.PostgreSql)
        {
            await sql.ExecuteAsync("select pg_advisory_xact_lock(@key)", new { key = AdvisoryLock }, cancellationToken);
        }

        await sql.ExecuteAsync(
            """
            create table if not exists schema_migrations (
              module text not null,
              number bigint not null,
              name text not null,
              checksum text not null,
              applied_at bigint not null,
              primary key (module, number)
            )
            """,
            cancellationToken: cancellationToken);
        var applied = await sql.QueryAsync<AppliedMigration>(
            "select module, number, name, checksum from schema_migrations", cancellationToken: cancellationToken);
        var missing = Compare(applied);
        foreach (var migration in missing)
        {
            await sql.ExecuteAsync(migration.Sql, cancellationToken: cancellationToken);
            await sql.ExecuteAsync(
                """
                insert into schema_migrations (module, number, name, checksum, applied_at)
                values (@module, @number, @name, @checksum, @now)
                """,
                new
                {
                    module = migration.Module,
                    number = (long)migration.Number,
                    name = migration.Name,
                    checksum = migration.Checksum,
                    now = time.GetUtcNow().ToUnixTimeMilliseconds(),
                },
                cancellationToken);
        }

        return missing;
    }

    private List<Migration> Compare(IReadOnlyList<AppliedMigration> applied)
    {
        var known = migrations.ToDictionary(migration => (migration.Module, (long)migration.Number));
        foreach (var row in applied)
        {
            if (!known.Remove((row.Module, row.Number), out var migration))
            {
                throw new UnusableSettingException(
                    $"The database has migration {row.Module} {row.Number:0000} ({row.Name}), which this version of Township "
                    + "does not know: it was made by a newer version. Start that version, or restore a backup.");
            }

            if (migration.Checksum != row.Checksum)
            {
                throw new UnusableSettingException(
                    $"Migration {row.Module} {row.Number:0000} ({row.Name}) was changed after it had been applied to this "
                    + "database. Undo the change, and put it into a new migration.");
            }
        }

        return [.. migrations.Where(migration => known.ContainsKey((migration.Module, migration.Number)))];
    }

    private sealed record AppliedMigration
    {
        public string Module { get; init; } = "";

        public long Number { get; init; }

        public string Name { get; init; } = "";

        public string Checksum { get; init; } = "";
    }
}
