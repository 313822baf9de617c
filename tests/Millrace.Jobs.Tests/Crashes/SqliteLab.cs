using System.Data.Common;
using Millrace.Sqlite;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>A file that all processes share.</summary>
internal sealed class SqliteLab : LabServer
{
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-jobs-").FullName;
    private readonly List<SqliteDataSource> _sources = [];

    public override string Store => "sqlite";

    public override string Where => Path.Combine(_folder, "jobs.db");

    public override async Task<JobStore> OpenAsync()
    {
        var source = new SqliteDataSource(Where);
        _sources.Add(source);
        var store = SqlJobStore.OnSqlite(source, TimeProvider.System);
        await store.InitializeAsync(TestContext.Current.CancellationToken);
        return store;
    }

    /// <summary>Not while somebody is inside a transaction.</summary>
    public override async Task<bool> IsFreeAsync()
    {
        await using var source = new SqliteDataSource(Where, new SqliteOptions { BusyTimeout = TimeSpan.Zero });
        await using var connection = await source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        (command.CommandText, command.CommandTimeout) = ("BEGIN IMMEDIATE; ROLLBACK", 1);
        try
        {
            await command.ExecuteNonQueryAsync();
            return true;
        }
        catch (DbException)
        {
            return false; // locked
        }
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var source in _sources)
        {
            await source.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
