namespace Millrace.Jobs;

/// <summary>How a driver of PostgreSQL hears notifications (<c>LISTEN</c>), for which ADO.NET has no word. Packages that name the driver, such as Millrace.PostgreSql,
/// have one; an application that uses another driver may write its own for <see cref="SqlJobStore.OnPostgres(System.Data.Common.DbDataSource, string, PostgresListener, TimeProvider?)"/>.</summary>
public abstract class PostgresListener
{
    /// <summary>Listens to one channel over a connection of its own. Returns or throws when the connection is lost or cannot be had: then the store calls again, after 100 ms at
    /// first and five seconds at most.</summary>
    /// <param name="channel">The channel; it is to be quoted, as it has a dot in it.</param>
    /// <param name="listening">To be called once, when all that is said from then on is heard.</param>
    /// <param name="heard">To be called with the text of each notification, in any thread; returns at once and does not throw.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>, the connection closed.</param>
    public abstract Task ListenAsync(string channel, Action listening, Action<string> heard, CancellationToken cancellationToken);
}
