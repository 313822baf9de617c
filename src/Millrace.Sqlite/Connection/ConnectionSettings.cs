using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Millrace.Sqlite.Library;

namespace Millrace.Sqlite.Connection;

/// <summary>What every connection of one data source shares: where the file is, what is set on opening, who is told.</summary>
internal sealed class ConnectionSettings
{
    private readonly SqliteOptions _options;
    private readonly ILogger _logger;
    private int _opened;
    private bool _directoryCreated;

    public ConnectionSettings(string pathOrConnectionString, SqliteOptions options, ILogger logger)
    {
        _options = options;
        _logger = logger;
        var builder = Parse(pathOrConnectionString);
        builder.DataSource = Path = System.IO.Path.GetFullPath(builder.DataSource);
        builder.ForeignKeys ??= true;

        // SQLite waits BusyTimeout for a lock; the driver would then start again for its own, longer time.
        builder.DefaultTimeout = Math.Max(1, (int)Math.Ceiling(options.BusyTimeout.TotalSeconds));
        IsReadOnly = builder.Mode == SqliteOpenMode.ReadOnly;
        ConnectionString = builder.ToString();
        Pragmas = BuildPragmas();
    }

    /// <summary>The database file, absolute.</summary>
    public string Path { get; }

    public string ConnectionString { get; }

    public bool IsReadOnly { get; }

    /// <summary>Statements to run one by one; the last one's row is the journal mode.</summary>
    public IReadOnlyList<string> Pragmas { get; }

    public void CreateDirectory()
    {
        if (_directoryCreated || IsReadOnly)
        {
            return;
        }

        var directory = System.IO.Path.GetDirectoryName(Path)!;
        try
        {
            Directory.CreateDirectory(directory);
            _directoryCreated = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OpenFailure.DescribeDirectory(exception, directory, Path);
        }
    }

    public void Opened(string journal)
    {
        if (Interlocked.Exchange(ref _opened, 1) == 0)
        {
            var library = SqliteLibrary.Current;
            Log.Opened(_logger, library.Version, library.Name, Path, journal, _options.Synchronous);
        }
    }

    private static SqliteConnectionStringBuilder Parse(string pathOrConnectionString)
    {
        // A path has no '='; one that has must be written as 'Data Source=…'.
        SqliteConnectionStringBuilder builder;
        try
        {
            builder = pathOrConnectionString.Contains('=', StringComparison.Ordinal)
                ? new SqliteConnectionStringBuilder(pathOrConnectionString)
                : new SqliteConnectionStringBuilder { DataSource = pathOrConnectionString };
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException(
                $"The SQLite connection string cannot be read: {exception.Message} "
                + "Give the path of a file, or a connection string such as 'Data Source=app.db'.",
                nameof(pathOrConnectionString),
                exception);
        }

        if (string.IsNullOrWhiteSpace(builder.DataSource))
        {
            throw new ArgumentException("The SQLite connection string names no file: add 'Data Source=PATH'.", nameof(pathOrConnectionString));
        }

        if (builder.Mode == SqliteOpenMode.Memory
            || builder.DataSource.Contains(":memory:", StringComparison.OrdinalIgnoreCase)
            || builder.DataSource.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException(
                $"'{builder.DataSource}' is not a file path. An in-memory SQLite database lasts as long as one connection, and a data source "
                + "opens many: give the path of a file, or leave SQLite out to keep everything in memory.",
                nameof(pathOrConnectionString));
        }

        if (builder.Cache == SqliteCacheMode.Shared)
        {
            throw new ArgumentException("Cache=Shared and WAL do not go together: leave Cache out of the connection string.", nameof(pathOrConnectionString));
        }

        return builder;
    }

    private string[] BuildPragmas()
    {
        var busy = ((long)_options.BusyTimeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        var synchronous = _options.Synchronous == SqliteSynchronous.Full ? "FULL" : "NORMAL";

        // The time-out comes first, because going to WAL takes a lock. The journal mode is kept in the file, the others in the connection.
        return [$"PRAGMA busy_timeout={busy}", $"PRAGMA synchronous={synchronous}", IsReadOnly ? "PRAGMA journal_mode" : "PRAGMA journal_mode=WAL"];
    }
}
