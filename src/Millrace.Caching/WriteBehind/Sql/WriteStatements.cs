using System.Text;

namespace Millrace.Caching.WriteBehind.Sql;

/// <summary>The operations of a store, each inside the transaction (or, where it only reads, on the connection) that it is given.</summary>
internal sealed class WriteStatements(string name, WriteDialect dialect, StoreLimits limits)
{
    private const string NextSequence =
        "UPDATE millrace_writes_partition SET sequence = sequence + 1 WHERE name = @name AND part = @part RETURNING sequence, pending, bytes";

    private const string SelectOld = "SELECT key, sequence, weight FROM millrace_writes WHERE name = @name AND part = @part AND key = @key";

    private const string Upsert = """
        INSERT INTO millrace_writes (name, part, key, sequence, attempts, since, due, weight, payload)
        VALUES (@name, @part, @key, @sequence, 0, @since, @due, @weight, @payload)
        ON CONFLICT (name, part, key) DO UPDATE
        SET sequence = excluded.sequence, attempts = 0, weight = excluded.weight, payload = excluded.payload
        """;

    private const string Count = """
        UPDATE millrace_writes_partition SET pending = pending + @pending, bytes = bytes + @bytes, dead = dead + @dead WHERE name = @name AND part = @part
        """;

    private const string SelectValue = "SELECT key, sequence, payload FROM millrace_writes WHERE name = @name AND part = @part AND key = @key";
    private const string SelectWrite = "SELECT key, sequence, attempts, since, payload, weight FROM millrace_writes WHERE name = @name AND part = @part AND key = @key";
    private const string SelectPartition = "SELECT owner, fence, until, pending, bytes, dead FROM millrace_writes_partition WHERE name = @name AND part = @part";

    private const string SetOwner =
        "UPDATE millrace_writes_partition SET owner = @owner, fence = @fence, until = @until WHERE name = @name AND part = @part";

    private const string SetLease = """
        UPDATE millrace_writes_partition SET owner = @new_owner, until = @until WHERE name = @name AND part = @part AND owner = @owner AND fence = @fence
        """;

    private const string SelectLine = """
        SELECT key, sequence, attempts, since, payload, due, weight FROM millrace_writes WHERE name = @name AND part = @part ORDER BY due, key LIMIT @maximum
        """;

    private const string SelectOldest = "SELECT since FROM millrace_writes WHERE name = @name AND part = @part ORDER BY since LIMIT 1";
    private const string Delete = "DELETE FROM millrace_writes WHERE name = @name AND part = @part AND key = @key";

    private const string Move = """
        UPDATE millrace_writes SET due = @due, since = @since, attempts = attempts + @failures WHERE name = @name AND part = @part AND key = @key
        """;

    private const string DeleteOlderDead =
        "DELETE FROM millrace_writes_dead WHERE name = @name AND part = @part AND key = @key AND sequence <= @sequence";

    private const string DeleteDead = "DELETE FROM millrace_writes_dead WHERE name = @name AND part = @part AND key = @key";

    private const string InsertDead = """
        INSERT INTO millrace_writes_dead (name, part, key, sequence, attempts, since, died, reason, payload)
        VALUES (@name, @part, @key, @sequence, @attempts, @since, @died, @reason, @payload)
        """;

    private const string SelectKeys =
        "SELECT key FROM millrace_writes WHERE name = @name AND part = @part ORDER BY due, key LIMIT @maximum OFFSET @skip";

    private const string SelectDead = """
        SELECT key, sequence, attempts, since, died, reason, payload FROM millrace_writes_dead WHERE name = @name AND part = @part ORDER BY key LIMIT @maximum
        """;

    private const string SelectDeadPayload = "SELECT key, payload FROM millrace_writes_dead WHERE name = @name AND part = @part AND key = @key";

    private readonly string _lockPartition = SelectPartition + dialect.LockRow;

    public string Name => name;

    public async ValueTask<AppendResult> AppendAsync(WriteSession session, int partition, string key, byte[] payload, long? expected, long due)
    {
        var (sequence, pending, bytes) = await session.FirstAsync(
            NextSequence, static row => (row.Number(0), row.Number(1), row.Number(2)), Part(partition)).ConfigureAwait(false);
        var (oldSequence, oldWeight) = await session.FirstAsync(
            SelectOld, static row => (row.Number(1), row.Number(2)), Part(partition, ("@key", key))).ConfigureAwait(false);
        if (expected is { } number && number != oldSequence)
        {
            return new AppendResult(AppendStatus.Conflict, 0);
        }

        var weight = WriteBehindStore.Weigh(Encoding.UTF8.GetByteCount(key), payload.Length);
        if ((oldSequence == 0 && pending >= limits.Pending) || bytes - oldWeight + weight > limits.Bytes)
        {
            return new AppendResult(AppendStatus.Full, 0);
        }

        await session.RunAsync(Upsert, Part(partition,
            ("@key", key), ("@sequence", sequence), ("@since", session.Now), ("@due", due), ("@weight", (long)weight), ("@payload", payload))).ConfigureAwait(false);
        await CountAsync(session, partition, oldSequence == 0 ? 1 : 0, weight - oldWeight, 0).ConfigureAwait(false);
        return new AppendResult(oldSequence == 0 ? AppendStatus.Added : AppendStatus.Replaced, sequence);
    }

    public async ValueTask<PendingValue?> FindAsync(WriteSession session, int partition, string key) => await session.FirstAsync(
        SelectValue, static row => (PendingValue?)new PendingValue(row.Number(1), row.Bytes(2)), Part(partition, ("@key", key))).ConfigureAwait(false);

    public async ValueTask<ClaimResult> ClaimAsync(WriteSession session, int partition, string owner, long lease, int maximum, bool early)
    {
        var state = await LockAsync(session, partition).ConfigureAwait(false);
        if (state.Owner.Length > 0 && state.Owner != owner && state.Until > session.Now)
        {
            return ClaimResult.OwnedByAnother(TimeSpan.FromMilliseconds(state.Until - session.Now));
        }

        var isNew = state.Owner != owner;
        var fence = state.Fence + (isNew ? 1 : 0);
        var (writes, next) = await ReadLineAsync(session, partition, maximum, early).ConfigureAwait(false);
        if (isNew || writes.Count > 0 || state.Until - session.Now < lease / 2) // else idle: no commit that writes, and no flush of the disk
        {
            await session.RunAsync(SetOwner, Part(partition, ("@owner", owner), ("@fence", fence), ("@until", session.Now + lease))).ConfigureAwait(false);
        }

        return new ClaimResult(fence, isNew, writes, next, await CountsAsync(session, partition, state).ConfigureAwait(false));
    }

    public async ValueTask<bool> LeaseAsync(WriteSession session, int partition, string owner, long fence, string newOwner, long until) =>
        await session.RunAsync(
            SetLease, Part(partition, ("@owner", owner), ("@fence", fence), ("@new_owner", newOwner), ("@until", until))).ConfigureAwait(false) == 1;

    public async ValueTask<bool> FinishAsync(WriteSession session, int partition, string owner, long fence, IReadOnlyList<WriteOutcome> outcomes)
    {
        var state = await LockAsync(session, partition).ConfigureAwait(false);
        if (state.Owner != owner || state.Fence != fence)
        {
            return false;
        }

        var change = default(CountChange);
        foreach (var outcome in outcomes)
        {
            change += await FinishOneAsync(session, partition, outcome, state.Dead + change.Dead).ConfigureAwait(false);
        }

        await CountAsync(session, partition, change.Pending, change.Bytes, change.Dead).ConfigureAwait(false);
        return true;
    }

    public async ValueTask<IReadOnlyList<string>> ListPendingAsync(WriteSession session, int partition, int skip, int maximum)
    {
        var keys = new List<string>();
        await session.ReadAsync(SelectKeys, row => Add(keys, row.Text(0)), Part(partition, ("@maximum", (long)maximum), ("@skip", (long)skip))).ConfigureAwait(false);
        return keys;
    }

    public async ValueTask<IReadOnlyList<DeadRecord>> ListDeadAsync(WriteSession session, int partition, int maximum)
    {
        var dead = new List<DeadRecord>();
        await session.ReadAsync(
            SelectDead,
            row => Add(dead, new DeadRecord(row.Text(0), row.Number(1), row.Integer(2), row.Time(3), row.Time(4), row.Text(5), row.Bytes(6))),
            Part(partition, ("@maximum", (long)maximum))).ConfigureAwait(false);
        return dead;
    }

    public async ValueTask<ReplayStatus> ReplayAsync(WriteSession session, int partition, string key)
    {
        await LockAsync(session, partition).ConfigureAwait(false);
        var payload = await session.FirstAsync(SelectDeadPayload, static row => row.Bytes(1).ToArray(), Part(partition, ("@key", key))).ConfigureAwait(false);
        if (payload is null)
        {
            return ReplayStatus.Missing;
        }

        var status = (await AppendAsync(session, partition, key, payload, expected: 0, session.Now).ConfigureAwait(false)).Status switch
        {
            AppendStatus.Full => ReplayStatus.Full,
            AppendStatus.Conflict => ReplayStatus.Superseded,
            _ => ReplayStatus.Replayed,
        };
        if (status != ReplayStatus.Full)
        {
            await DiscardAsync(session, partition, key).ConfigureAwait(false);
        }

        return status;
    }

    public async ValueTask<bool> DiscardAsync(WriteSession session, int partition, string key)
    {
        await LockAsync(session, partition).ConfigureAwait(false);
        var deleted = await session.RunAsync(DeleteDead, Part(partition, ("@key", key))).ConfigureAwait(false);
        await CountAsync(session, partition, 0, 0, -deleted).ConfigureAwait(false);
        return deleted > 0;
    }

    public async ValueTask<PartitionCounts> CountAsync(WriteSession session, int partition) =>
        await CountsAsync(session, partition, await ReadPartitionAsync(session, SelectPartition, partition).ConfigureAwait(false)).ConfigureAwait(false);

    private static bool Add<T>(List<T> list, T item)
    {
        list.Add(item);
        return true;
    }

    private (string Name, object Value)[] Part(int partition, params (string Name, object Value)[] others) =>
        [("@name", name), ("@part", (long)partition), .. others];

    private ValueTask<PartitionState> LockAsync(WriteSession session, int partition) => ReadPartitionAsync(session, _lockPartition, partition);

    private async ValueTask<PartitionState> ReadPartitionAsync(WriteSession session, string sql, int partition) =>
        await session.FirstAsync(
            sql,
            static row => new PartitionState(row.Text(0), row.Number(1), row.Number(2), row.Number(3), row.Number(4), row.Number(5)),
            Part(partition)).ConfigureAwait(false)
        ?? throw new InvalidDataException($"The row of partition {partition} of the pending writes '{name}' is gone from the database. Restart: it is made at start.");

    private async ValueTask CountAsync(WriteSession session, int partition, long pending, long bytes, long dead)
    {
        if ((pending, bytes, dead) != (0, 0, 0))
        {
            await session.RunAsync(Count, Part(partition, ("@pending", pending), ("@bytes", bytes), ("@dead", dead))).ConfigureAwait(false);
        }
    }

    private async ValueTask<PartitionCounts> CountsAsync(WriteSession session, int partition, PartitionState state)
    {
        var since = state.Pending == 0 ? 0 : await session.FirstAsync(SelectOldest, static row => row.Number(0), Part(partition)).ConfigureAwait(false);
        return new PartitionCounts(state.Pending, state.Bytes, state.Dead, TimeSpan.FromMilliseconds(since == 0 ? 0 : Math.Max(0, session.Now - since)));
    }

    private async ValueTask<(List<PendingWrite> Writes, TimeSpan? Next)> ReadLineAsync(WriteSession session, int partition, int maximum, bool early)
    {
        var writes = new List<PendingWrite>();
        var (next, bytes) = ((TimeSpan?)null, 0L);
        await session.ReadAsync(
            SelectLine,
            row =>
            {
                var due = row.Number(5);
                bytes += row.Number(6);
                if (writes.Count == maximum || (due > session.Now && !early) || (writes.Count > 0 && bytes > WriteBehindStore.MaximumClaimBytes))
                {
                    next = TimeSpan.FromMilliseconds(Math.Max(0, due - session.Now));
                    return false;
                }

                writes.Add(new PendingWrite(row.Text(0), row.Number(1), row.Integer(2), row.Time(3), row.Bytes(4)));
                return true;
            },
            Part(partition, ("@maximum", (long)maximum + 1))).ConfigureAwait(false);
        return (writes, next);
    }

    private async ValueTask<CountChange> FinishOneAsync(WriteSession session, int partition, WriteOutcome outcome, long dead)
    {
        var key = ("@key", (object)outcome.Key);
        var change = default(CountChange);
        if (outcome.Kind == OutcomeKind.Done && dead > 0)
        {
            // The source has a newer value.
            change = new CountChange(0, 0, -await session.RunAsync(DeleteOlderDead, Part(partition, key, ("@sequence", outcome.Sequence))).ConfigureAwait(false));
        }

        var found = await session.FirstAsync(
            SelectWrite,
            static row => (Write: new PendingWrite(row.Text(0), row.Number(1), row.Integer(2), row.Time(3), row.Bytes(4)), Weight: row.Number(5)),
            Part(partition, key)).ConfigureAwait(false);
        if (found.Write is not { } write)
        {
            return change;
        }

        var due = session.Now + (long)Math.Ceiling(outcome.Delay.TotalMilliseconds);
        var since = write.Since.ToUnixTimeMilliseconds();
        if (write.Sequence != outcome.Sequence)
        {
            since = outcome.Kind == OutcomeKind.Retry ? since : session.Now;
            await session.RunAsync(Move, Part(partition, key, ("@due", due), ("@since", since), ("@failures", 0L))).ConfigureAwait(false);
            return change;
        }

        if (outcome.Kind != OutcomeKind.Done)
        {
            var replaced = outcome.Kind == OutcomeKind.Dead ? await session.RunAsync(DeleteDead, Part(partition, key)).ConfigureAwait(false) : 0;
            if (outcome.Kind == OutcomeKind.Retry || (replaced == 0 && dead >= limits.Dead))
            {
                await session.RunAsync(Move, Part(partition, key, ("@due", due), ("@since", since), ("@failures", 1L))).ConfigureAwait(false);
                return change;
            }

            await session.RunAsync(InsertDead, Part(partition, key,
                ("@sequence", write.Sequence), ("@attempts", (long)write.Attempts + 1), ("@since", since), ("@died", session.Now), ("@reason", outcome.Reason),
                ("@payload", write.Payload.ToArray()))).ConfigureAwait(false);
            change += new CountChange(0, 0, 1 - replaced);
        }

        await session.RunAsync(Delete, Part(partition, key)).ConfigureAwait(false);
        return change + new CountChange(-1, -found.Weight, 0);
    }
}
