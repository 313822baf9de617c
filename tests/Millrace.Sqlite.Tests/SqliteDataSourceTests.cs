using System.Data.Common;
using System.Runtime.InteropServices;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Millrace.Sqlite.Tests;

[Trait("req", "J-12")]
public sealed class SqliteDataSourceTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_missing_directory_is_created_and_the_file_is_in_WAL_mode()
    {
        using var source = new SqliteDataSource(_directory.File("a/b/app.db"));
        using var connection = source.OpenConnection();

        Assert.Equal("wal", Scalar(connection, "PRAGMA journal_mode"));
        Assert.Equal(2L, Scalar(connection, "PRAGMA synchronous"));
        Assert.Equal(10_000L, Scalar(connection, "PRAGMA busy_timeout"));
        Assert.Equal(1L, Scalar(connection, "PRAGMA foreign_keys"));
        Assert.True(File.Exists(_directory.File("a/b/app.db")));
    }

    [Fact]
    public void Options_reach_every_connection_also_one_from_the_pool_of_another_source()
    {
        using var full = new SqliteDataSource(_directory.File("app.db"));
        using (var first = full.OpenConnection())
        {
            Assert.Equal(2L, Scalar(first, "PRAGMA synchronous"));
        }

        using var normal = new SqliteDataSource(
            _directory.File("app.db"),
            new SqliteOptions { Synchronous = SqliteSynchronous.Normal, BusyTimeout = TimeSpan.FromSeconds(3) });
        using var second = normal.OpenConnection();

        Assert.Equal(1L, Scalar(second, "PRAGMA synchronous"));
        Assert.Equal(3_000L, Scalar(second, "PRAGMA busy_timeout"));
    }

    [Fact]
    public async Task Dapper_opens_a_closed_connection_with_the_pragmas_set()
    {
        await using var source = new SqliteDataSource($"Data Source={_directory.File("app.db")}");
        await using var connection = source.CreateConnection();
        await connection.ExecuteAsync("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
        await connection.ExecuteAsync("INSERT INTO person (name) VALUES (@Name)", new[] { new { Name = "Ada" }, new { Name = "Grace" } });

        Assert.Equal(["Ada", "Grace"], await connection.QueryAsync<string>("SELECT name FROM person ORDER BY id"));
        Assert.Equal(1L, await connection.ExecuteScalarAsync<long>("PRAGMA foreign_keys"));
        Assert.Equal("Grace", await connection.ExecuteScalarAsync<string>("DELETE FROM person WHERE id = 2 RETURNING name"));
    }

    [Fact]
    public void A_reader_is_not_held_up_by_an_open_write_transaction()
    {
        using var source = new SqliteDataSource(_directory.File("app.db"), new SqliteOptions { BusyTimeout = TimeSpan.Zero });
        using var writer = source.OpenConnection();
        writer.Execute("CREATE TABLE t (x INTEGER)");
        using var transaction = writer.BeginTransaction();
        writer.Execute("INSERT INTO t VALUES (1)", transaction: transaction);

        using var reader = source.OpenConnection();
        Assert.Equal(0L, reader.ExecuteScalar<long>("SELECT COUNT(*) FROM t"));
        transaction.Commit();
        Assert.Equal(1L, reader.ExecuteScalar<long>("SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public void A_read_only_connection_string_reads_and_refuses_to_write()
    {
        using (var source = new SqliteDataSource(_directory.File("app.db")))
        using (var connection = source.OpenConnection())
        {
            connection.Execute("CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (7);");
        }

        using var readOnly = new SqliteDataSource($"Data Source={_directory.File("app.db")};Mode=ReadOnly");
        using var reader = readOnly.OpenConnection();

        Assert.Equal(7L, reader.ExecuteScalar<long>("SELECT x FROM t"));
        Assert.Equal(8, Assert.Throws<SqliteException>(() => reader.Execute("INSERT INTO t VALUES (8)")).SqliteErrorCode);
    }

    [Fact]
    public void A_path_that_is_a_directory_is_refused_with_path_reason_and_remedy()
    {
        using var source = new SqliteDataSource(_directory.Path);
        var exception = Assert.ThrowsAny<DbException>(() => source.OpenConnection());

        Assert.Equal(
            $"The SQLite database '{_directory.Path}' could not be opened: the path is a directory (SQLite error 14). Give the path of a file.",
            exception.Message);
    }

    [Fact]
    public void A_directory_that_cannot_be_created_is_refused_with_path_reason_and_remedy()
    {
        File.WriteAllText(_directory.File("file"), "in the way");
        using var source = new SqliteDataSource(_directory.File("file/app.db"));
        var exception = Assert.Throws<IOException>(() => source.OpenConnection());

        Assert.StartsWith($"The SQLite database '{_directory.File("file/app.db")}' could not be opened: its directory", exception.Message);
        Assert.EndsWith("or choose another path.", exception.Message);
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        var text = new string('x', 5000);
        File.WriteAllText(_directory.File("notes.txt"), text);
        using var source = new SqliteDataSource(_directory.File("notes.txt"));
        var exception = Assert.Throws<SqliteException>(() => source.OpenConnection());

        Assert.Equal(26, exception.SqliteErrorCode);
        Assert.Contains("is not a SQLite database", exception.Message);
        Assert.Equal(text, File.ReadAllText(_directory.File("notes.txt")));
    }

    [Fact]
    public void A_file_in_a_place_nobody_may_write_is_refused_with_the_remedy()
    {
        using var source = new SqliteDataSource("/proc/millrace.db");
        var exception = Assert.Throws<SqliteException>(() => source.OpenConnection());

        Assert.Contains("'/proc/millrace.db' could not be opened: the file cannot be created or read", exception.Message);
    }

    [Theory]
    [InlineData(":memory:", "is not a file path")]
    [InlineData("Data Source=x;Mode=Memory", "is not a file path")]
    [InlineData("Data Source=", "names no file")]
    [InlineData("Data Source=x;Cache=Shared", "Cache=Shared")]
    [InlineData("Data Sauce=x", "cannot be read")]
    public void Text_that_names_no_file_is_refused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => new SqliteDataSource(text)).Message);

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new SqliteDataSource("x", new SqliteOptions { BusyTimeout = TimeSpan.FromHours(1) }));
        Assert.Throws<ArgumentException>(() => new SqliteDataSource("x", new SqliteOptions { Synchronous = (SqliteSynchronous)9 }));
    }

    [Fact]
    public void The_newest_library_is_used_and_logged_once()
    {
        var log = new ListLogger();
        using var source = new SqliteDataSource(_directory.File("app.db"), logger: log);
        using var first = source.OpenConnection();
        using var second = source.OpenConnection();

        var line = Assert.Single(log.Lines);
        Assert.Contains($"SQLite {SqliteDataSource.LibraryVersion} from {SqliteDataSource.LibraryName}", line);
        Assert.Equal(SqliteDataSource.LibraryVersion, Scalar(first, "SELECT sqlite_version()"));
        Assert.True(Version.Parse(SqliteDataSource.LibraryVersion) >= new Version(3, 35, 5));
        if (NativeLibrary.TryLoad("libsqlite3.so.0", out var system))
        {
            var function = Marshal.GetDelegateForFunctionPointer<VersionNumber>(NativeLibrary.GetExport(system, "sqlite3_libversion_number"));
            var number = function();
            var version = new Version(number / 1_000_000, number / 1000 % 1000, number % 1000);
            Assert.True(Version.Parse(SqliteDataSource.LibraryVersion) >= version);
        }
    }

    private static object? Scalar(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int VersionNumber();

    private sealed class ListLogger : ILogger<SqliteDataSource>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
