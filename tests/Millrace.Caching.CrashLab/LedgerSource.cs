using System.Data.Common;
using Millrace.Sqlite;

namespace Millrace.Caching.CrashLab;

/// <summary>
/// The source of truth that writes go to: a SQLite file with the last value of each key, which takes only greater numbers, and a ledger of every
/// write that arrived, in the order of the commits.
/// </summary>
internal sealed class LedgerSource : IAsyncDisposable
{
    private readonly SqliteDataSource _file;

    public LedgerSource(string path) => _file = new SqliteDataSource(path, new SqliteOptions { Synchronous = SqliteSynchronous.Normal });

    public async Task CreateAsync()
    {
        await using var connection = await _file.OpenConnectionAsync();
        await RunAsync(connection, transaction: null, """
            CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, value INTEGER NOT NULL, sequence INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS ledger (id INTEGER PRIMARY KEY AUTOINCREMENT, node TEXT NOT NULL, key TEXT NOT NULL, value INTEGER NOT NULL,
                sequence INTEGER NOT NULL, applied INTEGER NOT NULL);
            """);
    }

    /// <summary>Takes writes in one transaction.</summary>
    public async Task TakeAsync(string node, IReadOnlyList<WriteBehindWrite<long>> writes, CancellationToken cancellationToken)
    {
        await using var connection = await _file.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach (var write in writes)
        {
            var applied = await RunAsync(
                connection,
                transaction,
                """
                INSERT INTO value (key, value, sequence) VALUES (@key, @value, @sequence)
                ON CONFLICT (key) DO UPDATE SET value = excluded.value, sequence = excluded.sequence WHERE excluded.sequence > value.sequence
                """,
                ("@key", write.Key), ("@value", write.Value), ("@sequence", write.Sequence));
            await RunAsync(
                connection,
                transaction,
                "INSERT INTO ledger (node, key, value, sequence, applied) VALUES (@node, @key, @value, @sequence, @applied)",
                ("@node", node), ("@key", write.Key), ("@value", write.Value), ("@sequence", write.Sequence), ("@applied", applied));
        }

        await transaction.CommitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private static async Task<int> RunAsync(DbConnection connection, DbTransaction? transaction, string sql, params (string Name, object Value)[] parameters)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts are constants of this program
        (command.CommandText, command.Transaction) = (sql, transaction);
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return await command.ExecuteNonQueryAsync();
    }
}
