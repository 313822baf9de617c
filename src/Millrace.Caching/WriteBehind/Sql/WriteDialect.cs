namespace Millrace.Caching.WriteBehind.Sql;

/// <summary>What differs from one SQL database to the next. Everything else the operations say is common SQL.</summary>
/// <param name="Name">The store's name, and the middle of the name of its schema's file.</param>
/// <param name="Begin">Begins a transaction that may write.</param>
/// <param name="LockRow">Behind a select: keeps others from the row until the transaction ends.</param>
/// <param name="Now">Asks the database for the time in milliseconds since 1970; null: the process' clock is the database's.</param>
internal sealed record WriteDialect(string Name, string Begin, string LockRow, string? Now)
{
    // A deferred transaction that turns to writing fails when another wrote meanwhile; an immediate one waits for its turn, and locks everything.
    public static WriteDialect Sqlite { get; } = new("sqlite", "BEGIN IMMEDIATE", "", Now: null);

    public static WriteDialect Postgres { get; } = new(
        "postgres", "BEGIN", " FOR UPDATE", "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)");
}
