using System.Data.Common;
using Millrace.Jobs.Stores.Sql.Postgres.Operations;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Enqueues that are a part of a transaction of the caller's, on its connection. It may be a long one: so it takes no turns, which others would wait for, and adds up no counts.</summary>
/// <remarks>Workers are woken by the commit: see the trigger of migration 7.</remarks>
internal sealed partial class PostgresJobStore
{
    /// <inheritdoc />
    public override ValueTask<EnqueueOutcome> EnqueueWithinAsync(
        DbTransaction transaction, IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) =>
        RunWithinAsync(
            transaction,
            async (session, token) => (await Enqueue.RunWithinAsync(session, turn: false, Now, jobs, maximumQueueLength, more: null, token).ConfigureAwait(false)).Of(jobs),
            cancellationToken);

    /// <inheritdoc />
    public override ValueTask<EnqueueOutcome> EnqueueFlowWithinAsync(
        DbTransaction transaction, IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) =>
        RunWithinAsync(transaction, (session, token) => EnqueueFlow.RunWithinAsync(session, turn: false, Now, jobs, maximumQueueLength, token), cancellationToken);

    private async ValueTask<T> RunWithinAsync<T>(DbTransaction transaction, Func<PostgresSession, CancellationToken, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        var connection = CallersTransaction.Connection(transaction, _dataSource, "PostgreSQL");
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        var session = PostgresSession.Join(connection, transaction, _texts);
        await using (session.ConfigureAwait(false))
        {
            try
            {
                var result = await run(session, cancellationToken).ConfigureAwait(false);
                await session.ForgetSaveAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
            catch (DbException error) when (error.SqlState is "42P01" or "3F000" or "42501")
            {
                throw new InvalidOperationException(
                    $"The transaction's connection cannot use the jobs' tables, schema '{_texts.Schema}' of the database '{connection.Database}': {error.Message} "
                    + "It must reach the same database as the job store, with a user that may read and write these tables. The transaction is to be rolled back.", error);
            }
        }
    }
}
