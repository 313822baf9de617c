using System.Data;
using System.Data.Common;
using System.Runtime.InteropServices;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>A connection and its prepared statements. Used by one caller at a time.</summary>
internal sealed class PostgresSession : IAsyncDisposable
{
    // Of a table that is empty now and holds a million rows in a minute the statistics are always wrong: here the planner is to take the
    // indexes, in their order, once and for all. Everything else that a database may be set to would change what the store promises.
    private const string Settings = """
        SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;
        SET plan_cache_mode = force_generic_plan; SET default_transaction_isolation = 'read committed'
        """;

    private const string ResetSettings = """
        RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_hashjoin; RESET enable_mergejoin; RESET jit;
        RESET plan_cache_mode; RESET default_transaction_isolation
        """;

    private const string Savepoint = "millrace";
    private const int MaximumOpenings = 10; // a driver clears its pool when one of its connections breaks, or hands out the others as well

    private readonly DbConnection _connection;
    private readonly List<Shape> _shapes = []; // as many as there are combinations of statements in the operations: some dozens
    private DbTransaction? _transaction;
    private bool _isJoined; // connection and transaction are the caller's
    private bool _isSaved;

    private PostgresSession(DbConnection connection, PostgresTexts texts, int slot) => (_connection, Texts, Slot) = (connection, texts, slot);

    public PostgresTexts Texts { get; }

    /// <summary>No other open session of the store has this number.</summary>
    public int Slot { get; }

    /// <summary>Whether the session has already been used; then its connection may have died since.</summary>
    public bool IsUsed { get; set; }

    /// <summary>Whether its connection is gone.</summary>
    public bool IsLost => _connection.State != ConnectionState.Open;

    /// <summary>Opens a session. A connection that fails at the first word had died in its driver's pool: then another one is asked for.</summary>
    public static async ValueTask<PostgresSession> OpenAsync(DbDataSource dataSource, PostgresTexts texts, int slot, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var session = new PostgresSession(await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false), texts, slot);
            try
            {
                await session.ExecuteAsync(Settings, cancellationToken).ConfigureAwait(false);
                return session;
            }
            catch (DbException) when (attempt < MaximumOpenings && session.IsLost && !cancellationToken.IsCancellationRequested)
            {
                await session._connection.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await session._connection.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>A session within a transaction of the caller's: it changes no setting of the connection and leaves nothing prepared there.</summary>
    public static PostgresSession Join(DbConnection connection, DbTransaction transaction, PostgresTexts texts) =>
        new(connection, texts, slot: -1) { _transaction = transaction, _isJoined = true };

    /// <summary>Begins a batch of statements.</summary>
    public PostgresBatch Batch() => new(this);

    /// <summary>Begins a transaction for several batches.</summary>
    public async ValueTask BeginAsync(CancellationToken cancellationToken) =>
        _transaction = await _connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        await _transaction!.CommitAsync(cancellationToken).ConfigureAwait(false);
        await _transaction.DisposeAsync().ConfigureAwait(false);
        _transaction = null;
    }

    /// <summary>Marks the place in the transaction to which <see cref="UndoAsync"/> goes back.</summary>
    public async ValueTask SaveAsync(CancellationToken cancellationToken)
    {
        await _transaction!.SaveAsync(Savepoint, cancellationToken).ConfigureAwait(false);
        _isSaved = true;
    }

    /// <summary>Forgets the place, if there is one, so that a caller's transaction has no mark of ours.</summary>
    public async ValueTask ForgetSaveAsync(CancellationToken cancellationToken)
    {
        if (_isSaved)
        {
            await _transaction!.ReleaseAsync(Savepoint, cancellationToken).ConfigureAwait(false);
            _isSaved = false;
        }
    }

    /// <summary>Undoes what was done since <see cref="SaveAsync"/>; the transaction goes on.</summary>
    public async ValueTask UndoAsync(CancellationToken cancellationToken) => await _transaction!.RollbackAsync(Savepoint, cancellationToken).ConfigureAwait(false);

    /// <summary>Runs statements without parameters or rows, apart from each other unless a transaction was begun.</summary>
    public async ValueTask ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        var command = _connection.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
#pragma warning disable CA2100 // the texts are constants of this package
            command.CommandText = sql;
#pragma warning restore CA2100
            command.Transaction = _transaction;
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The statements as a batch that is prepared once for each combination of texts.</summary>
    public async ValueTask<DbBatch> PrepareAsync(List<PostgresStatement> statements, CancellationToken cancellationToken)
    {
        foreach (var shape in CollectionsMarshal.AsSpan(_shapes))
        {
            if (shape.Fits(statements))
            {
                for (var i = 0; i < statements.Count; i++)
                {
                    statements[i].Apply(shape.Batch.BatchCommands[i]);
                }

                shape.Batch.Transaction = _transaction;
                return shape.Batch;
            }
        }

        var batch = _connection.CreateBatch();
        batch.Transaction = _transaction;
        statements.ForEach(statement => statement.Create(batch));
        _shapes.Add(new Shape(statements.ConvertAll(static statement => statement.Text), batch));
        if (!_isJoined)
        {
            await batch.PrepareAsync(cancellationToken).ConfigureAwait(false);
        }

        return batch;
    }

    /// <summary>Gives the connection back as it was, unless it is the caller's; one that failed is closed by its driver.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var shape in _shapes)
        {
            await shape.Batch.DisposeAsync().ConfigureAwait(false);
        }

        if (_isJoined)
        {
            return;
        }

        try
        {
            if (_transaction is null && _connection.State == ConnectionState.Open)
            {
                await ExecuteAsync(ResetSettings, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (DbException)
        {
            // The connection is gone, and its settings with it.
        }

        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly struct Shape(List<PostgresText> texts, DbBatch batch)
    {
        public DbBatch Batch => batch;

        public bool Fits(List<PostgresStatement> statements)
        {
            if (statements.Count != texts.Count)
            {
                return false;
            }

            for (var i = 0; i < texts.Count; i++)
            {
                if (!ReferenceEquals(statements[i].Text, texts[i]))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
