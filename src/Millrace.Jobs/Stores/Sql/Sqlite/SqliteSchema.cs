using System.Globalization;

namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>Brings a file to this version's schema: numbered migrations, applied in one transaction that no other process can enter.</summary>
internal static class SqliteSchema
{
    /// <summary>The store's name, and that of its folder of migrations.</summary>
    public const string Name = "sqlite";

    /// <summary>Begins a transaction that may write. A deferred one that turns to writing fails when another wrote meanwhile; this one waits
    /// for its turn at the start.</summary>
    public const string BeginWrite = "BEGIN IMMEDIATE";

    private const string Create = "CREATE TABLE IF NOT EXISTS millrace_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)";
    private const string Select = "SELECT COALESCE(MAX(version), 0) FROM millrace_schema";
    private const string Insert = "INSERT INTO millrace_schema (version, applied_at) VALUES (@version, @now)";

    public static async ValueTask MigrateAsync(SqlSession session, long now)
    {
        await session.Statement(BeginWrite).RunAsync().ConfigureAwait(false);
        try
        {
            await session.Statement(Create).RunAsync().ConfigureAwait(false);
            var before = Convert.ToInt64(await session.Statement(Select).ScalarAsync().ConfigureAwait(false), CultureInfo.InvariantCulture);
            foreach (var (version, text) in new SqlMigrations(Name).After(before))
            {
                await session.Statement(text).RunAsync().ConfigureAwait(false);
                await session.Statement(Insert).Set("@version", version).Set("@now", now).RunAsync().ConfigureAwait(false);
            }

            await session.Statement("COMMIT").RunAsync().ConfigureAwait(false);
        }
        catch
        {
            await session.Statement("ROLLBACK").RunAsync().ConfigureAwait(false);
            throw;
        }
    }
}
