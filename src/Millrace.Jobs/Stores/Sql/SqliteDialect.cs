namespace Millrace.Jobs.Stores.Sql;

/// <summary>SQLite 3.35 or newer, in WAL mode.</summary>
internal sealed class SqliteDialect : SqlDialect
{
    public override string Name => "sqlite";

    // A deferred transaction that turns to writing fails when another wrote meanwhile; this one waits for its turn at the start.
    public override string BeginWrite => "BEGIN IMMEDIATE";

    public override string CreateSchemaTable =>
        "CREATE TABLE IF NOT EXISTS millrace_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)";
}
