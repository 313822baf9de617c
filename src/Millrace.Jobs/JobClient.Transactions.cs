using System.Data.Common;

namespace Millrace.Jobs;

/// <summary>Jobs that are a part of a transaction of the caller's.</summary>
public sealed partial class JobClient
{
    private readonly DbTransaction? _transaction; // null: every enqueue is one of its own

    private JobClient(JobClient client, DbTransaction transaction)
    {
        (_store, _factory, _options, _queues) = (client._store, client._factory, client._options, client._queues);
        (_running, _notifications, _metrics, _clock) = (client._running, client._notifications, client._metrics, client._clock);
        (_coding, _listener) = (client._coding, client._listener);
        _transaction = transaction;
    }

    /// <summary>This client for use within a database transaction: what it enqueues exists once that commits, together with all else that the transaction writes, and never if it is
    /// rolled back. For jobs in PostgreSQL or SQLite whose tables are in the transaction's own database.</summary>
    /// <remarks>
    /// <code>
    /// await using var transaction = await connection.BeginTransactionAsync();
    /// // … insert the order, then:
    /// await jobs.InTransaction(transaction).EnqueueAsync(new SendConfirmation(order));
    /// await transaction.CommitAsync();
    /// </code>
    /// <para>With EF Core it is <c>context.Database.CurrentTransaction!.GetDbTransaction()</c>.</para>
    /// <para>Every form of enqueue is a part of the transaction; all other operations are not, and do not see its jobs before the commit. Workers learn of them by the commit. Subscribers hear of
    /// such a job when it starts, and the metrics count it when it is enqueued, also when the transaction is rolled back then. After an error the transaction is to be rolled back, but for
    /// <see cref="JobQueueFullException"/>, which leaves it as it was. In a transaction a job waits for jobs of its own flow only.</para>
    /// <para>Keep the transaction short: a unique key that it took makes others with the same key wait for its end, and on SQLite all who write.</para>
    /// <para>Like the transaction, it is to be used by one caller at a time. It needs no disposal, and is of no use when the transaction has ended.</para>
    /// </remarks>
    /// <param name="transaction">The transaction, begun and not ended, on a connection to the database that holds the jobs.</param>
    /// <returns>A client whose enqueues throw <see cref="NotSupportedException"/> when the store is not a database's; <see cref="ArgumentException"/> when the transaction is one of another
    /// database; <see cref="InvalidOperationException"/> when it has ended.</returns>
    public JobClient InTransaction(DbTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return new JobClient(this, transaction);
    }

    private ValueTask<EnqueueOutcome> PutAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken) => _transaction is null
        ? _store.EnqueueAsync(jobs, maximumQueueLength, cancellationToken)
        : _store.EnqueueWithinAsync(_transaction, jobs, maximumQueueLength, cancellationToken);

    private ValueTask<EnqueueOutcome> PutFlowAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken) => _transaction is null
        ? _store.EnqueueFlowAsync(jobs, maximumQueueLength, cancellationToken)
        : _store.EnqueueFlowWithinAsync(_transaction, jobs, maximumQueueLength, cancellationToken);
}
