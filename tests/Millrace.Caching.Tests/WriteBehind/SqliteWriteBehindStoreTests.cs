using Millrace.Caching.WriteBehind;
using Millrace.Caching.WriteBehind.Sql;
using Millrace.Sqlite;
using Millrace.TestKit;

namespace Millrace.Caching.Tests;

public sealed class SqliteWriteBehindStoreTests : WriteBehindStoreConformance
{
    private readonly FakeClock _clock = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-writes-").FullName;
    private readonly SqliteDataSource _file;

    public SqliteWriteBehindStoreTests() => _file = new SqliteDataSource(Path.Combine(_folder, "writes.db"), new SqliteOptions { Synchronous = SqliteSynchronous.Normal });

    [Fact]
    public async Task Tables_of_a_newer_version_are_left_alone()
    {
        await using (var connection = await _file.OpenConnectionAsync())
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "UPDATE millrace_writes_schema SET version = 2";
            await command.ExecuteNonQueryAsync();
        }

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(Roomy, "newer"));
        Assert.Contains("version 2", refusal.Message, StringComparison.Ordinal);
    }

    protected override void Pass() => _clock.Advance(TimeSpan.FromMilliseconds(2));

    private protected override async Task<WriteBehindStore> OpenAsync(StoreLimits limits, string name)
    {
        var store = new SqlWriteBehindStore(_file, WriteDialect.Sqlite, name, limits, _clock);
        await store.InitializeAsync(CancellationToken.None);
        return store;
    }

    protected override async ValueTask CloseAsync()
    {
        await _file.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
