using System.Data.Common;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>A connection and its prepared statements. Used by one caller at a time.</summary>
/// <remarks>Given a transaction, the connection is its owner's, and stays open.</remarks>
internal class SqlSession(DbConnection connection, DbTransaction? transaction = null) : IAsyncDisposable
{
    private readonly Dictionary<string, SqlStatement> _statements = new(StringComparer.Ordinal);
    private readonly List<DbCommand> _commands = [];

    /// <summary>The statement for a text; the same text is prepared once. Texts are constants, so their number is bounded.</summary>
    public SqlStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            var command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts are constants of this package; values go through parameters
            command.CommandText = sql;
#pragma warning restore CA2100
            command.Transaction = transaction;
            _commands.Add(command);
            _statements[sql] = statement = new SqlStatement(command);
        }

        return statement;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var command in _commands)
        {
            await command.DisposeAsync().ConfigureAwait(false);
        }

        if (transaction is null)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }
}
