using Microsoft.Extensions.Caching.Distributed;
using Npgsql;

namespace Millrace.Caching.Tests.Remote.Distributed;

/// <summary>A distributed cache in a table of PostgreSQL, as applications have them: no more than the interface asks for.</summary>
internal sealed class PostgresStore(NpgsqlDataSource database) : IDistributedCache
{
    public static async Task<PostgresStore> CreateAsync(NpgsqlDataSource database)
    {
        await using var create = database.CreateCommand("CREATE TABLE entries (key text PRIMARY KEY, value bytea NOT NULL, expires_at timestamptz)");
        await create.ExecuteNonQueryAsync();
        return new PostgresStore(database);
    }

    public byte[]? Get(string key) => throw new NotSupportedException("Nobody waits here.");

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        await using var read = database.CreateCommand("SELECT value FROM entries WHERE key = $1 AND (expires_at IS NULL OR expires_at > now())");
        read.Parameters.AddWithValue(key);
        return (byte[]?)await read.ExecuteScalarAsync(token);
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException("Nobody waits here.");

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        await using var write = database.CreateCommand(
            """
            INSERT INTO entries (key, value, expires_at) VALUES ($1, $2, now() + $3)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
            """);
        write.Parameters.AddWithValue(key);
        write.Parameters.AddWithValue(value);
        write.Parameters.Add(new NpgsqlParameter { Value = (object?)options.AbsoluteExpirationRelativeToNow ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Interval });
        await write.ExecuteNonQueryAsync(token);
    }

    public void Refresh(string key) => throw new NotSupportedException("Nobody waits here.");

    public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException("Not needed.");

    public void Remove(string key) => throw new NotSupportedException("Nobody waits here.");

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        await using var remove = database.CreateCommand("DELETE FROM entries WHERE key = $1");
        remove.Parameters.AddWithValue(key);
        await remove.ExecuteNonQueryAsync(token);
    }
}
