using System.Data.Common;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>A statement that is prepared once per session. Set every parameter, then run; not reentrant.</summary>
internal sealed class SqlStatement(DbCommand command)
{
    /// <summary>Sets a parameter; null is SQL's null.</summary>
    public SqlStatement Set(string name, object? value)
    {
        DbParameter parameter;
        if (command.Parameters.Contains(name))
        {
            parameter = command.Parameters[name];
        }
        else
        {
            parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }

        parameter.Value = value ?? DBNull.Value;
        return this;
    }

    /// <summary>Runs a statement without rows.</summary>
    /// <returns>How many rows changed.</returns>
    public async ValueTask<int> RunAsync() => await command.ExecuteNonQueryAsync().ConfigureAwait(false);

    /// <summary>The first column of the first row; null when there is no row, or SQL's null in it.</summary>
    public async ValueTask<object?> ScalarAsync() => await command.ExecuteScalarAsync().ConfigureAwait(false) is var value and not DBNull ? value : null;

    /// <summary>All rows, each read by a function.</summary>
    public async ValueTask<List<T>> ListAsync<T>(Func<SqlRow, T> read)
    {
        var rows = new List<T>();
        var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync().ConfigureAwait(false))
            {
                rows.Add(read(new SqlRow(reader)));
            }
        }

        return rows;
    }

    /// <summary>The first row, read by a function; the default when there is none.</summary>
    public async ValueTask<T?> FirstAsync<T>(Func<SqlRow, T> read)
    {
        var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            return await reader.ReadAsync().ConfigureAwait(false) ? read(new SqlRow(reader)) : default;
        }
    }
}
