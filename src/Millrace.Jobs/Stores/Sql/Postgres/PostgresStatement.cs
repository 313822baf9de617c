using System.Data;
using System.Data.Common;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>One statement of a <see cref="PostgresBatch"/>: set every parameter before the batch runs.</summary>
internal sealed class PostgresStatement(PostgresText text, Action<SqlRow>? read)
{
    private readonly object[] _values = new object[text.Parameters.Length];
    private readonly DbType?[] _types = new DbType?[text.Parameters.Length];

    public PostgresText Text => text;

    /// <summary>Takes the rows; null when the statement gives none.</summary>
    public Action<SqlRow>? Read => read;

    public PostgresStatement Set(string name, long? value) => Set(name, value, DbType.Int64);

    public PostgresStatement Set(string name, bool value) => Set(name, value, DbType.Boolean);

    public PostgresStatement Set(string name, string? value) => Set(name, value, DbType.String);

    public PostgresStatement Set(string name, byte[]? value) => Set(name, value, DbType.Binary);

    /// <summary>Sets an array: of numbers, texts or bytes, each of which may be null.</summary>
    public PostgresStatement Set(string name, Array values) => Set(name, values, type: null);

    /// <summary>Sets a parameter that only one form of a statement has.</summary>
    public PostgresStatement SetIf(bool has, string name, long value) => has ? Set(name, value) : this;

    /// <summary>Writes the values into the parameters of a command that was made by <see cref="Create"/>.</summary>
    public void Apply(DbBatchCommand command)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            command.Parameters[i].Value = Value(i);
        }
    }

    /// <summary>Adds this statement to a batch.</summary>
    public void Create(DbBatch batch)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = text.Sql;
        for (var i = 0; i < _values.Length; i++)
        {
            var parameter = command.CreateParameter();
            if (_types[i] is { } type)
            {
                parameter.DbType = type;
            }

            parameter.Value = Value(i);
            command.Parameters.Add(parameter);
        }

        batch.BatchCommands.Add(command);
    }

    private object Value(int index) => _values[index] ?? throw new InvalidOperationException($"The parameter {text.Parameters[index]} is not set.");

    private PostgresStatement Set(string name, object? value, DbType? type)
    {
        var index = Array.IndexOf(text.Parameters, name);
        _values[index] = value ?? DBNull.Value;
        _types[index] = type;
        return this;
    }
}
