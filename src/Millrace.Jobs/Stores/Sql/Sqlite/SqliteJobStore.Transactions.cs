using System.Data.Common;
using Millrace.Jobs.Stores.Sql.Sqlite.Operations;

namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>Enqueues that are a part of a transaction of the caller's, on its connection to the same file. Workers find the jobs by looking, within a second of the commit.</summary>
internal sealed partial class SqliteJobStore
{
    /// <inheritdoc />
    public override ValueTask<EnqueueOutcome> EnqueueWithinAsync(
        DbTransaction transaction, IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) =>
        WriteWithinAsync(transaction, session => Enqueue.RunAsync(session, jobs, maximumQueueLength), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<EnqueueOutcome> EnqueueFlowWithinAsync(
        DbTransaction transaction, IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) =>
        WriteWithinAsync(transaction, session => EnqueueFlow.RunAsync(session, jobs, maximumQueueLength), cancellationToken);

    private async ValueTask<T> WriteWithinAsync<T>(DbTransaction transaction, Func<WriteSession, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        var connection = CallersTransaction.Connection(transaction, _dataSource, "SQLite");
        if (Volatile.Read(ref _writer) is null)
        {
            await OpenAsync(cancellationToken).ConfigureAwait(false);
        }

        ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed), this);
        if (connection.DataSource != _file)
        {
            throw new ArgumentException(
                $"The transaction is one of the file '{connection.DataSource}'; the jobs are kept in '{_file}'. Keep both in one file, or enqueue after the commit.", nameof(transaction));
        }

        var session = new WriteSession(connection, _clock, transaction);
        await using (session.ConfigureAwait(false))
        {
            await session.Statement("SAVEPOINT millrace").RunAsync().ConfigureAwait(false);
            try
            {
                session.Begin();
                var result = await run(session).ConfigureAwait(false);
                await session.FlushCountsAsync().ConfigureAwait(false);
                await session.Statement("RELEASE millrace").RunAsync().ConfigureAwait(false);
                return result;
            }
            catch
            {
                await UndoAsync(session).ConfigureAwait(false);
                throw;
            }
        }
    }

    private static async ValueTask UndoAsync(WriteSession session)
    {
        try
        {
            await session.Statement("ROLLBACK TO millrace").RunAsync().ConfigureAwait(false);
            await session.Statement("RELEASE millrace").RunAsync().ConfigureAwait(false);
        }
        catch (DbException)
        {
            // The failure took the whole transaction with it.
        }
    }
}
