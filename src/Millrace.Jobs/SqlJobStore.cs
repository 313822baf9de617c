using System.Data.Common;
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
}
