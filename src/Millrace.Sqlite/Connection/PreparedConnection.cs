using Microsoft.Data.Sqlite;

namespace Millrace.Sqlite.Connection;

/// <summary>A connection that sets its pragmas whenever it is opened, by whomever: Dapper, for one, opens closed connections itself.</summary>
internal sealed class PreparedConnection(ConnectionSettings settings) : SqliteConnection(settings.ConnectionString)
{
    /// <summary>Opens the file and sets the pragmas; on failure the connection is closed and the exception says path, reason and remedy.</summary>
    public override void Open()
    {
        if (State == System.Data.ConnectionState.Open)
        {
            return;
        }

        settings.CreateDirectory();
        try
        {
            base.Open();
            using var command = CreateCommand();
            object? row = null;
            foreach (var pragma in settings.Pragmas)
            {
                command.CommandText = pragma;
                row = command.ExecuteScalar();
            }

            settings.Opened(row as string ?? "unknown");
        }
        catch (SqliteException exception)
        {
            Close();
            throw OpenFailure.Describe(exception, settings.Path);
        }
        catch
        {
            Close();
            throw;
        }
    }
}
