using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Township.Modules.Seed;

/// <summary>
/// Writes seeded rows by prepared statements of many rows each. SQLite looks each parameter up by name, so few rows are faster
/// there; PostgreSQL answers over a connection, so many are.
/// </summary>
internal static class SeedWriter
{
    public static async Task WriteAsync(DatabaseTransaction sql, SeedTable table, CancellationToken cancellationToken)
    {
        var size = sql.Dialect == SqlDialect.Sqlite ? 4 : 250;
        var full = table.Rows.Count / size;
        if (full > 0)
        {
            await WriteAsync(sql, table, 0, full, size, cancellationToken);
        }

        if (table.Rows.Count % size is var rest and > 0)
        {
            await WriteAsync(sql, table, full * size, 1, rest, cancellationToken);
        }
    }

    private static async Task WriteAsync(
        DatabaseTransaction sql, SeedTable table, int start, int times, int size, CancellationToken cancellationToken)
    {
        await using var command = sql.Connection.CreateCommand();
        command.Transaction = sql.Transaction;
        var parameters = new DbParameter[size * table.Columns.Count];
        for (var i = 0; i < parameters.Length; i++)
        {
            parameters[i] = command.CreateParameter();
            parameters[i].ParameterName = "@p" + i.ToString(CultureInfo.InvariantCulture);
            parameters[i].DbType = TypeOf(table, i % table.Columns.Count);
            parameters[i].Value = DBNull.Value;
            command.Parameters.Add(parameters[i]);
        }

#pragma warning disable CA2100 // made of this module's own names of tables and columns; values are parameters
        command.CommandText = Text(table, size);
#pragma warning restore CA2100
        await command.PrepareAsync(cancellationToken);
        for (var time = 0; time < times; time++)
        {
            for (var i = 0; i < parameters.Length; i++)
            {
                var row = table.Rows[start + (time * size) + (i / table.Columns.Count)];
                parameters[i].Value = row[i % table.Columns.Count] ?? DBNull.Value;
            }

            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static string Text(SeedTable table, int size)
    {
        var text = new StringBuilder($"insert into {table.Name} ({string.Join(", ", table.Columns)}) values ");
        var parameter = 0;
        for (var row = 0; row < size; row++)
        {
            text.Append(row == 0 ? "(" : ", (");
            for (var column = 0; column < table.Columns.Count; column++)
            {
                text.Append(column == 0 ? "@p" : ", @p").Append(parameter++);
            }

            text.Append(')');
        }

        return text.ToString();
    }

    private static System.Data.DbType TypeOf(SeedTable table, int column) =>
        table.Rows.Select(row => row[column]).FirstOrDefault(static value => value is not null) switch
        {
            long => System.Data.DbType.Int64,
            bool => System.Data.DbType.Boolean,
            _ => System.Data.DbType.String,
        };
}
