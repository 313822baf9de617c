using System.Data.Common;
using System.Diagnostics;
using Millrace.JobLoad.Roles;
using Millrace.Sqlite;

namespace Millrace.JobLoad.Floors;

/// <summary>What SQLite alone does: the fewest statements that claim and remove jobs, and that store one, on the same kind of file and connection.
/// Nothing runs, nothing is woken, nothing survives a crash twice.</summary>
internal static class SqliteFloor
{
    private const int Batch = 100;

    private const string Schema = """
        CREATE TABLE floor_job (id INTEGER PRIMARY KEY, queue TEXT NOT NULL, state INTEGER NOT NULL, payload BLOB NOT NULL);
        CREATE INDEX floor_job_waiting ON floor_job (queue, id) WHERE state = 1;
        """;

    private const string Insert = "INSERT INTO floor_job (queue, state, payload) VALUES ('default', 1, @payload)";

    private const string Claim = """
        UPDATE floor_job SET state = 2
        WHERE id IN (SELECT id FROM floor_job WHERE queue = 'default' AND state = 1 ORDER BY id LIMIT @batch)
        RETURNING id, payload
        """;

    // The ids of a claim follow each other: the plainest of deletes.
    private const string Delete = "DELETE FROM floor_job WHERE id BETWEEN @first AND @last";

    /// <summary>Claims 100 jobs, reads their payloads and deletes them, two transactions, until none is left.</summary>
    public static async Task<RoleReport> ProcessAsync(RoleOptions options)
    {
        await using var source = Open(options, options.At);
        await using var connection = await source.OpenConnectionAsync();
        await RunAsync(connection, Schema);
        await FillAsync(connection, options.Warm + options.Jobs);
        await using var claim = Command(connection, Claim, "@batch");
        await using var delete = Command(connection, Delete, "@first", "@last");
        claim.Parameters[0].Value = Batch;
        long done = 0, bytes = 0, start = 0, measured = 0;
        while (true)
        {
            if (start == 0 && done >= options.Warm)
            {
                (start, measured) = (Stopwatch.GetTimestamp(), options.Warm + options.Jobs - done);
            }

            var (count, first, last) = (0, long.MaxValue, 0L);
            await using (var reader = await claim.ExecuteReaderAsync())
            {
                while (await reader.ReadAsync())
                {
                    var id = reader.GetInt64(0);
                    bytes += reader.GetFieldValue<byte[]>(1).Length;
                    (count, first, last) = (count + 1, Math.Min(first, id), Math.Max(last, id));
                }
            }

            if (count == 0)
            {
                break;
            }

            (delete.Parameters[0].Value, delete.Parameters[1].Value) = (first, last);
            var deleted = await delete.ExecuteNonQueryAsync();
            if (deleted != count)
            {
                throw new InvalidOperationException($"{deleted} of {count} rows were deleted.");
            }

            done += count;
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return bytes == (long)(options.Warm + options.Jobs) * Work.PayloadBytes
            ? new RoleReport { Jobs = measured, Seconds = seconds }
            : throw new InvalidOperationException($"{bytes} bytes were read.");
    }

    /// <summary>A connection with the table on it, and the statement that stores one job.</summary>
    public static async Task<(SqliteDataSource Source, DbCommand Insert)> OpenForInsertsAsync(RoleOptions options, string file)
    {
        var source = Open(options, file);
        var connection = await source.OpenConnectionAsync();
        await RunAsync(connection, Schema);
        var insert = Command(connection, Insert, "@payload");
        insert.Parameters[0].Value = Work.Payload();
        return (source, insert);
    }

    /// <summary>Stores jobs one by one for a time, a transaction each, and tells how many it were.</summary>
    public static async Task<long> InsertAsync(DbCommand insert, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var jobs = 0L;
        while (Stopwatch.GetTimestamp() < until)
        {
            jobs += await insert.ExecuteNonQueryAsync();
        }

        return jobs;
    }

    private static SqliteDataSource Open(RoleOptions options, string file) =>
        new(file, new SqliteOptions { Synchronous = Enum.Parse<SqliteSynchronous>(options.Synchronous, ignoreCase: true) });

    private static async Task FillAsync(DbConnection connection, int jobs)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using var insert = Command(connection, Insert, "@payload");
        insert.Transaction = transaction;
        insert.Parameters[0].Value = Work.Payload();
        for (var i = 0; i < jobs; i++)
        {
            await insert.ExecuteNonQueryAsync();
        }

        await transaction.CommitAsync();
    }

    private static DbCommand Command(DbConnection connection, string sql, params IReadOnlyList<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static async Task RunAsync(DbConnection connection, string sql)
    {
        await using var command = Command(connection, sql);
        await command.ExecuteNonQueryAsync();
    }
}
