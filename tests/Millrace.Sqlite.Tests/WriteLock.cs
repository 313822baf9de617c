using System.Data.Common;

namespace Millrace.Sqlite.Tests;

/// <summary>Another writer in the middle of its transaction.</summary>
internal sealed class WriteLock : IDisposable
{
    private readonly DbConnection _connection;

    public WriteLock(DbConnection connection)
    {
        _connection = connection;
        Execute("BEGIN IMMEDIATE");
    }

    public void Dispose()
    {
        Execute("ROLLBACK");
        _connection.Dispose();
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
