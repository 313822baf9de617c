using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Sqlite.Connection;
using Millrace.Sqlite.Library;

namespace Millrace.Sqlite;

/// <summary>One SQLite database file, for the job store and for the application's own tables: plain ADO.NET, so Dapper works on it.</summary>
/// <remarks>
/// <para>Every connection it gives, however it is opened, is in WAL mode, checks foreign keys and waits for locks up to
/// <see cref="SqliteOptions.BusyTimeout"/>. The file's directory is created on the first opening. Connections are pooled by the driver.</para>
/// <para>SQLite does its work on the calling thread, the asynchronous methods too: keep statements short. One connection writes at a
/// time; readers do not wait for it.</para>
/// <para>Thread-safe; a connection it gives is not. A file that cannot be opened is a
/// <see cref="Microsoft.Data.Sqlite.SqliteException"/> (or, for its directory, an <see cref="IOException"/>) with path, reason and remedy.</para>
/// </remarks>
public sealed class SqliteDataSource : DbDataSource
{
    private readonly ConnectionSettings _settings;

    /// <summary>A data source for the file at a path or named by a connection string.</summary>
    /// <param name="pathOrConnectionString">The file's path (relative to the current directory), or a connection string of
    /// Microsoft.Data.Sqlite such as <c>Data Source=app.db</c> (recognised by its <c>=</c>).</param>
    /// <param name="options">How to open it; null for the defaults.</param>
    /// <param name="logger">Told once which SQLite is used; null for nobody.</param>
    /// <exception cref="ArgumentException">The text names no file, or one in memory; or an option is out of its range.</exception>
    public SqliteDataSource(string pathOrConnectionString, SqliteOptions? options = null, ILogger<SqliteDataSource>? logger = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(pathOrConnectionString);
        options ??= new SqliteOptions();
        if (options.BusyTimeout < TimeSpan.Zero || options.BusyTimeout > TimeSpan.FromMinutes(10))
        {
            throw new ArgumentException($"SqliteOptions.BusyTimeout is {options.BusyTimeout}; it must be from 0 to 10 minutes.", nameof(options));
        }

        if (!Enum.IsDefined(options.Synchronous))
        {
            throw new ArgumentException($"SqliteOptions.Synchronous is {options.Synchronous}; it must be Full or Normal.", nameof(options));
        }

        _ = SqliteLibrary.Current;
        _settings = new ConnectionSettings(pathOrConnectionString, options, logger ?? NullLogger<SqliteDataSource>.Instance);
    }

    /// <inheritdoc />
    public override string ConnectionString => _settings.ConnectionString;

    /// <summary>The database file's absolute path.</summary>
    public string Path => _settings.Path;

    /// <summary>The version of the SQLite library in use, such as <c>3.40.1</c>; the same for the whole process.</summary>
    public static string LibraryVersion => SqliteLibrary.Current.Version;

    /// <summary>Which SQLite library is in use: the system's when it is newer than the bundled one, else the bundled one.</summary>
    public static string LibraryName => SqliteLibrary.Current.Name;

    /// <inheritdoc />
    protected override DbConnection CreateDbConnection() => new PreparedConnection(_settings);

    /// <summary>Closes the pooled connections; the last one to close folds the log into the file.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            using var connection = new SqliteConnection(ConnectionString);
            SqliteConnection.ClearPool(connection);
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc cref="Dispose(bool)" />
    protected override async ValueTask DisposeAsyncCore()
    {
        Dispose(disposing: true);
        await base.DisposeAsyncCore().ConfigureAwait(false);
    }
}
