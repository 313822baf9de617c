using System.Data.Common;
using Millrace.Jobs.Stores.Sql.Postgres;
using Millrace.Jobs.Stores.Sql.Sqlite;

namespace Millrace.Jobs;

/// <summary>Jobs in a SQL database, through any <see cref="DbDataSource"/> that reaches it. Applications get it from a package that names the driver,
/// such as <c>UseSqlite</c> of Millrace.Sqlite.</summary>
/// <remarks>
/// <para>Several stores, in one process or many, may share one database.</para>
/// <para>Claim, sweep and counts never scan: they use partial indexes and counts that every operation keeps in step. Lists go down
/// the indexes that order the jobs of a state, or that of a tag; a filter on the type, or on the queue of ended jobs, passes over what does not match.</para>
/// </remarks>
public abstract class SqlJobStore : JobStore
{
    private protected SqlJobStore()
    {
    }

    /// <summary>A store in a SQLite database, 3.35 or newer, whose connections are in WAL mode and wait for locks.</summary>
    /// <remarks>One writer per store commits what waits in groups. Waiting for work ends at once on what this store did; what others did to the
    /// same file is looked for after 50 ms, then at growing intervals of at most one second.</remarks>
    /// <param name="dataSource">Opens connections to one file; stays the caller's, and must outlive the store.</param>
    /// <param name="clock">The store's clock.</param>
    public static SqlJobStore OnSqlite(DbDataSource dataSource, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(clock);
        return new SqliteJobStore(dataSource, clock);
    }

    /// <summary>The schema of jobs on PostgreSQL when none is named.</summary>
    public const string DefaultSchema = "millrace";

    /// <summary>Checks the name of a schema for <see cref="OnPostgres(DbDataSource, string, TimeProvider?)"/>.</summary>
    /// <exception cref="ArgumentException">It is not small letters, digits and underscores beginning with a letter, or longer than 50.</exception>
    public static void CheckSchema(string schema) => _ = new PostgresTexts(schema);

    /// <summary>A store in a PostgreSQL database, version 12 or newer, whose encoding is UTF-8, in the schema <see cref="DefaultSchema"/>.</summary>
    /// <inheritdoc cref="OnPostgres(DbDataSource, string, TimeProvider?)" path="/remarks" />
    /// <param name="dataSource">Opens connections to one database; stays the caller's, and must outlive the store.</param>
    /// <param name="clock">The store's clock; null is the server's, which all processes share.</param>
    public static SqlJobStore OnPostgres(DbDataSource dataSource, TimeProvider? clock = null) => OnPostgres(dataSource, DefaultSchema, clock);

    /// <summary>A store in a PostgreSQL database, version 12 or newer, whose encoding is UTF-8.</summary>
    /// <remarks>
    /// <para>Any number of stores may share the database: none waits for another's commit but where both are about the same job. A store
    /// keeps up to eight connections open and uses up to about twenty.</para>
    /// <para>Waiting for work ends at once on what this store did. What others did is looked for after 50 ms, then at growing intervals of at most
    /// one second.</para>
    /// <para>Jobs are claimed in order. Only one that another store puts back in line, at an old place among jobs of its own priority,
    /// may wait a quarter of a second behind jobs enqueued after it.</para>
    /// <para>The schema and its tables are created at the first use; for that the user needs the right to create schemas in the database, or
    /// a schema of its own that exists already.</para>
    /// </remarks>
    /// <param name="dataSource">Opens connections to one database; stays the caller's, and must outlive the store.</param>
    /// <param name="schema">The schema of the store's tables: small letters, digits and underscores, at most 50. Stores in different schemas share nothing.</param>
    /// <param name="clock">The store's clock; null is the server's, which all processes share.</param>
    /// <exception cref="ArgumentException">The schema's name is not valid.</exception>
    public static SqlJobStore OnPostgres(DbDataSource dataSource, string schema, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        return new PostgresJobStore(dataSource, schema, listener: null, clock);
    }

    /// <summary>A store in a PostgreSQL database, version 12 or newer, whose encoding is UTF-8, that hears of other stores' work at once.</summary>
    /// <remarks>
    /// <para>As <see cref="OnPostgres(DbDataSource, string, TimeProvider?)"/>, but waiting for work ends also when another store made some: as long as the
    /// listener listens. What it may miss is looked for after 50 ms, then at intervals that double until the wait's end. While it does not listen, the store looks as one without
    /// a listener does.</para>
    /// <para>While somebody waits, the store uses two more connections: the listener's, and one that tells the database who waits.</para>
    /// </remarks>
    /// <param name="dataSource">Opens connections to one database; stays the caller's, and must outlive the store.</param>
    /// <param name="schema">The schema of the store's tables: small letters, digits and underscores, at most 50. Stores in different schemas share nothing.</param>
    /// <param name="listener">Hears the database's notifications; used by this store alone.</param>
    /// <param name="clock">The store's clock; null is the server's, which all processes share.</param>
    /// <exception cref="ArgumentException">The schema's name is not valid.</exception>
    public static SqlJobStore OnPostgres(DbDataSource dataSource, string schema, PostgresListener listener, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(listener);
        return new PostgresJobStore(dataSource, schema, listener, clock);
    }
}
