using System.Diagnostics;
using Millrace.JobLoad.Roles;
using Npgsql;
using NpgsqlTypes;

namespace Millrace.JobLoad.Floors;

/// <summary>What PostgreSQL alone does: the fewest statements that claim jobs and remove them, so that any number of workers could do so side by
/// side, prepared, on one connection. Nothing runs and nothing is woken.</summary>
internal static class PostgresFloor
{
    private const int Batch = 100;

    private const string Schema = """
        CREATE TABLE floor_job (id bigint PRIMARY KEY, queue text NOT NULL, state smallint NOT NULL, payload bytea NOT NULL);
        CREATE INDEX floor_job_waiting ON floor_job (queue, id) WHERE state = 1;
        """;

    private const string Claim = """
        UPDATE floor_job SET state = 2
        WHERE id IN (SELECT id FROM floor_job WHERE queue = 'default' AND state = 1 ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)
        RETURNING id, payload
        """;

    private const string Delete = "DELETE FROM floor_job WHERE id = ANY($1)";

    /// <summary>Claims 100 jobs, reads their payloads and deletes them, two transactions, until none is left.</summary>
    public static async Task<RoleReport> ProcessAsync(RoleOptions options)
    {
        await using var source = NpgsqlDataSource.Create(options.At);
        await using var connection = await source.OpenConnectionAsync();
        await RunAsync(connection, Schema);
        await FillAsync(connection, options.Warm + options.Jobs);
        await RunAsync(connection, "VACUUM ANALYZE floor_job"); // else the plans are made for an empty table
        await using var claim = new NpgsqlCommand(Claim, connection);
        await claim.PrepareAsync();
        await using var delete = new NpgsqlCommand(Delete, connection) { Parameters = { new NpgsqlParameter<long[]> { TypedValue = [] } } };
        await delete.PrepareAsync();
        long done = 0, bytes = 0, start = 0, measured = 0;
        var ids = new List<long>(Batch);
        while (true)
        {
            if (start == 0 && done >= options.Warm)
            {
                (start, measured) = (Stopwatch.GetTimestamp(), options.Warm + options.Jobs - done);
            }

            ids.Clear();
            await using (var reader = await claim.ExecuteReaderAsync())
            {
                while (await reader.ReadAsync())
                {
                    ids.Add(reader.GetInt64(0));
                    bytes += reader.GetFieldValue<byte[]>(1).Length;
                }
            }

            if (ids.Count == 0)
            {
                break;
            }

            ((NpgsqlParameter<long[]>)delete.Parameters[0]).TypedValue = [.. ids];
            var deleted = await delete.ExecuteNonQueryAsync();
            if (deleted != ids.Count)
            {
                throw new InvalidOperationException($"{deleted} of {ids.Count} rows were deleted.");
            }

            done += deleted;
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return bytes == (long)(options.Warm + options.Jobs) * Work.PayloadBytes
            ? new RoleReport { Jobs = measured, Seconds = seconds }
            : throw new InvalidOperationException($"{bytes} bytes were read.");
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task FillAsync(NpgsqlConnection connection, int jobs)
    {
        var payload = Work.Payload();
        await using var writer = await connection.BeginBinaryImportAsync("COPY floor_job (id, queue, state, payload) FROM STDIN (FORMAT BINARY)");
        for (var id = 1L; id <= jobs; id++)
        {
            await writer.StartRowAsync();
            await writer.WriteAsync(id, NpgsqlDbType.Bigint);
            await writer.WriteAsync("default", NpgsqlDbType.Text);
            await writer.WriteAsync((short)1, NpgsqlDbType.Smallint);
            await writer.WriteAsync(payload, NpgsqlDbType.Bytea);
        }

        await writer.CompleteAsync();
    }
}
