using System.Data.Common;

namespace Millrace.Caching.WriteBehind.Sql;

/// <summary>A connection and its prepared statements, used by one caller at a time.</summary>
internal sealed class WriteSession(DbConnection connection) : IAsyncDisposable
{
    private readonly Dictionary<string, DbCommand> _commands = new(StringComparer.Ordinal); // texts are constants, so their number is bounded

    /// <summary>The database's time in milliseconds, read when the transaction began.</summary>
    public long Now { get; set; }

    /// <summary>Runs a statement without rows.</summary>
    /// <returns>How many rows changed.</returns>
    public async ValueTask<int> RunAsync(string sql, params (string Name, object Value)[] parameters) =>
        await Command(sql, parameters).ExecuteNonQueryAsync().ConfigureAwait(false);

    /// <summary>The rows of a statement, until <paramref name="read"/> returns false.</summary>
    public async ValueTask ReadAsync(string sql, Func<WriteRow, bool> read, params (string Name, object Value)[] parameters)
    {
        var reader = await Command(sql, parameters).ExecuteReaderAsync().ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync().ConfigureAwait(false) && read(new WriteRow(reader)))
            {
            }
        }
    }

    /// <summary>The first row, or the default when there is none.</summary>
    public async ValueTask<T?> FirstAsync<T>(string sql, Func<WriteRow, T> read, params (string Name, object Value)[] parameters)
    {
        T? first = default;
        await ReadAsync(
            sql,
            row =>
            {
                first = read(row);
                return false;
            },
            parameters).ConfigureAwait(false);
        return first;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var command in _commands.Values)
        {
            await command.DisposeAsync().ConfigureAwait(false);
        }

        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private DbCommand Command(string sql, (string Name, object Value)[] parameters)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts are constants of this package; values go through parameters
            command.CommandText = sql;
#pragma warning restore CA2100
            foreach (var (name, _) in parameters)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                command.Parameters.Add(parameter);
            }

            _commands[sql] = command;
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            command.Parameters[i].Value = parameters[i].Value;
        }

        return command;
    }
}
