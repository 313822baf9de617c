using System.Data.Common;

namespace Millrace.Caching.WriteBehind.Sql;

/// <summary>Pending writes in a SQL database, through any <see cref="DbDataSource"/> that reaches it. The data source stays the caller's.</summary>
/// <remarks>One writer per store commits operations in groups. Every operation begins with the lock of its partition's row (SQLite: of the whole file), so
/// that numbers are given in the order of the commits.</remarks>
internal sealed class SqlWriteBehindStore : WriteBehindStore
{
    private const string AddPartition = """
        INSERT INTO millrace_writes_partition (name, part, sequence, pending, bytes, dead, owner, fence, until)
        VALUES (@name, @part, 0, 0, 0, 0, '', 0, 0) ON CONFLICT (name, part) DO NOTHING
        """;

    private readonly DbDataSource _source;
    private readonly WriteDialect _dialect;
    private readonly TimeProvider _clock;
    private readonly GroupCommit _writer;
    private readonly WriteStatements _statements;

    public SqlWriteBehindStore(DbDataSource source, WriteDialect dialect, string name, StoreLimits limits, TimeProvider clock)
    {
        (_source, _dialect, _clock) = (source, dialect, clock);
        _statements = new WriteStatements(name, dialect, limits);
        _writer = new GroupCommit(async () => await OpenAsync(CancellationToken.None).ConfigureAwait(false), BeginAsync);
    }

    public override string Name => _dialect.Name;

    public override async ValueTask InitializeAsync(CancellationToken cancellationToken) => await _writer.RunAsync(
        async session =>
        {
            await session.RunAsync(await ReadSchemaAsync().ConfigureAwait(false)).ConfigureAwait(false);
            var version = await session.FirstAsync("SELECT max(version) FROM millrace_writes_schema", static row => row.Number(0)).ConfigureAwait(false);
            if (version != 1)
            {
                throw new InvalidOperationException(
                    $"The database's tables of pending writes have version {version}, this version of Millrace knows 1. Use the version that wrote them, or another database.");
            }

            for (var partition = 0; partition < Partitions; partition++)
            {
                await session.RunAsync(AddPartition, ("@name", _statements.Name), ("@part", (long)partition)).ConfigureAwait(false);
            }

            return true;
        },
        cancellationToken).ConfigureAwait(false);

    public override ValueTask<AppendResult> AppendAsync(
        int partition, string key, ReadOnlyMemory<byte> payload, long? expected, TimeSpan delay, CancellationToken cancellationToken)
    {
        var bytes = payload.ToArray();
        return _writer.RunAsync(session => _statements.AppendAsync(session, partition, key, bytes, expected, session.Now + Milliseconds(delay)), cancellationToken);
    }

    public override ValueTask<PendingValue?> FindAsync(int partition, string key, CancellationToken cancellationToken) =>
        ReadAsync(session => _statements.FindAsync(session, partition, key), cancellationToken);

    public override ValueTask<ClaimResult> ClaimAsync(
        int partition, string owner, TimeSpan lease, int maximum, bool early, CancellationToken cancellationToken) =>
        _writer.RunAsync(session => _statements.ClaimAsync(session, partition, owner, Milliseconds(lease), maximum, early), cancellationToken);

    public override ValueTask<bool> RenewAsync(int partition, string owner, long fence, TimeSpan lease, CancellationToken cancellationToken) =>
        _writer.RunAsync(session => _statements.LeaseAsync(session, partition, owner, fence, owner, session.Now + Milliseconds(lease)), cancellationToken);

    public override async ValueTask ReleaseAsync(int partition, string owner, long fence, CancellationToken cancellationToken) =>
        await _writer.RunAsync(session => _statements.LeaseAsync(session, partition, owner, fence, "", 0), cancellationToken).ConfigureAwait(false);

    public override ValueTask<bool> FinishAsync(
        int partition, string owner, long fence, IReadOnlyList<WriteOutcome> outcomes, CancellationToken cancellationToken) =>
        _writer.RunAsync(session => _statements.FinishAsync(session, partition, owner, fence, outcomes), cancellationToken);

    public override ValueTask<IReadOnlyList<string>> ListPendingAsync(int partition, int skip, int maximum, CancellationToken cancellationToken) =>
        ReadAsync(session => _statements.ListPendingAsync(session, partition, skip, maximum), cancellationToken);

    public override ValueTask<IReadOnlyList<DeadRecord>> ListDeadAsync(int partition, int maximum, CancellationToken cancellationToken) =>
        ReadAsync(session => _statements.ListDeadAsync(session, partition, maximum), cancellationToken);

    public override ValueTask<ReplayStatus> ReplayAsync(int partition, string key, CancellationToken cancellationToken) =>
        _writer.RunAsync(session => _statements.ReplayAsync(session, partition, key), cancellationToken);

    public override ValueTask<bool> DiscardAsync(int partition, string key, CancellationToken cancellationToken) =>
        _writer.RunAsync(session => _statements.DiscardAsync(session, partition, key), cancellationToken);

    public override ValueTask<PartitionCounts> CountAsync(int partition, CancellationToken cancellationToken) => ReadAsync(
        async session =>
        {
            await TellTimeAsync(session).ConfigureAwait(false);
            return await _statements.CountAsync(session, partition).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Does what was begun and closes the connections.</summary>
    public override ValueTask DisposeAsync() => _writer.DisposeAsync();

    private static long Milliseconds(TimeSpan span) => (long)Math.Ceiling(span.TotalMilliseconds);

    private async ValueTask<WriteSession> OpenAsync(CancellationToken cancellationToken) =>
        new(await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false));

    private async ValueTask BeginAsync(WriteSession session)
    {
        await session.RunAsync(_dialect.Begin).ConfigureAwait(false);
        await TellTimeAsync(session).ConfigureAwait(false);
    }

    private async ValueTask TellTimeAsync(WriteSession session) => session.Now = _dialect.Now is null
        ? _clock.GetUtcNow().ToUnixTimeMilliseconds()
        : await session.FirstAsync(_dialect.Now, static row => row.Number(0)).ConfigureAwait(false);

    /// <summary>Reads on a connection of its own; the driver keeps them.</summary>
    private async ValueTask<T> ReadAsync<T>(Func<WriteSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            return await read(session).ConfigureAwait(false);
        }
    }

    private async ValueTask<string> ReadSchemaAsync()
    {
        var assembly = typeof(SqlWriteBehindStore).Assembly;
        var resource = assembly.GetManifestResourceNames().Single(name => name.EndsWith($".schema.{_dialect.Name}.sql", StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return await reader.ReadToEndAsync().ConfigureAwait(false);
    }
}
