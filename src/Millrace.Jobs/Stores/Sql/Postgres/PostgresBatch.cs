using System.Data.Common;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Statements that go to the server together and are one transaction, unless the session has begun a longer one. Each sees what those
/// before it did, and what others have committed by then. Used once.</summary>
internal sealed class PostgresBatch(PostgresSession session)
{
    private readonly List<PostgresStatement> _statements = [];

    /// <summary>Adds a statement that gives no rows.</summary>
    public PostgresStatement Add(string text) => Add(text, read: null);

    /// <summary>Adds a statement whose rows are read into a list.</summary>
    public PostgresStatement Add<T>(string text, List<T> rows, Func<SqlRow, T> read) => Add(text, row => rows.Add(read(row)));

    /// <summary>Adds a statement and what takes its rows.</summary>
    public PostgresStatement Add(string text, Action<SqlRow>? read)
    {
        var statement = new PostgresStatement(session.Texts.Get(text), read);
        _statements.Add(statement);
        return statement;
    }

    /// <summary>Runs the statements; returns when all of them are committed, or when the last one is done within a longer transaction.</summary>
    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        var batch = await session.PrepareAsync(_statements, cancellationToken).ConfigureAwait(false);
        var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            foreach (var statement in _statements)
            {
                if (statement.Read is { } read)
                {
                    await ReadAsync(reader, read, cancellationToken).ConfigureAwait(false);
                }
            }

            while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false))
            {
                // Only here does the server say that it has committed.
            }
        }
    }

    /// <summary>Reads one result to its end and goes to the next; the driver passes over statements without rows.</summary>
    private static async ValueTask ReadAsync(DbDataReader reader, Action<SqlRow> read, CancellationToken cancellationToken)
    {
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            read(new SqlRow(reader));
        }

        await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
    }
}
