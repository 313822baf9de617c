using System.Text;

namespace Millrace.Caching.WriteBehind.Memory;

/// <summary>Pending writes in this process's memory, gone with it. The executable specification of <see cref="WriteBehindStore"/>.</summary>
internal sealed class MemoryWriteBehindStore(StoreLimits limits, TimeProvider clock) : WriteBehindStore
{
    private readonly MemoryPartition[] _partitions = [.. Enumerable.Range(0, Partitions).Select(static _ => new MemoryPartition())];

    public override string Name => "memory";

    public override ValueTask InitializeAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public override ValueTask<AppendResult> AppendAsync(
        int partition, string key, ReadOnlyMemory<byte> payload, long? expected, TimeSpan delay, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var p = _partitions[partition];
        lock (p.Lock)
        {
            return ValueTask.FromResult(Append(p, key, payload.ToArray(), expected, clock.GetUtcNow() + delay));
        }
    }

    public override ValueTask<PendingValue?> FindAsync(int partition, string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var p = _partitions[partition];
        lock (p.Lock)
        {
            var write = p.Pending.GetValueOrDefault(key)?.Write;
            return ValueTask.FromResult<PendingValue?>(write is null ? null : new PendingValue(write.Sequence, write.Payload));
        }
    }

    public override ValueTask<ClaimResult> ClaimAsync(
        int partition, string owner, TimeSpan lease, int maximum, bool early, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (p, now) = (_partitions[partition], clock.GetUtcNow());
        lock (p.Lock)
        {
            if (p.Owner is not null && p.Owner != owner && p.Until > now)
            {
                return ValueTask.FromResult(ClaimResult.OwnedByAnother(p.Until - now));
            }

            var isNew = p.Owner != owner;
            p.Fence += isNew ? 1 : 0;
            (p.Owner, p.Until) = (owner, now + lease);
            var line = p.Line().Take(maximum + 1).ToList();
            var due = line.TakeWhile(pending => early || pending.Due <= now).Take(maximum).ToList();
            var (taken, bytes) = (0, 0L);
            while (taken < due.Count && (taken == 0 || bytes + due[taken].Weight <= MaximumClaimBytes))
            {
                bytes += due[taken++].Weight;
            }

            var next = taken < line.Count ? (TimeSpan?)(line[taken].Due > now ? line[taken].Due - now : TimeSpan.Zero) : null;
            return ValueTask.FromResult(new ClaimResult(p.Fence, isNew, [.. due.Take(taken).Select(static pending => pending.Write)], next, p.Counts(now)));
        }
    }

    public override ValueTask<bool> RenewAsync(int partition, string owner, long fence, TimeSpan lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var p = _partitions[partition];
        lock (p.Lock)
        {
            var held = p.IsOwnedBy(owner, fence);
            p.Until = held ? clock.GetUtcNow() + lease : p.Until;
            return ValueTask.FromResult(held);
        }
    }

    public override ValueTask ReleaseAsync(int partition, string owner, long fence, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var p = _partitions[partition];
        lock (p.Lock)
        {
            p.Owner = p.IsOwnedBy(owner, fence) ? null : p.Owner;
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask<bool> FinishAsync(
        int partition, string owner, long fence, IReadOnlyList<WriteOutcome> outcomes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (p, now) = (_partitions[partition], clock.GetUtcNow());
        lock (p.Lock)
        {
            if (!p.IsOwnedBy(owner, fence))
            {
                return ValueTask.FromResult(false);
            }

            foreach (var outcome in outcomes)
            {
                Finish(p, outcome, now);
            }

            return ValueTask.FromResult(true);
        }
    }

    public override ValueTask<IReadOnlyList<string>> ListPendingAsync(int partition, int skip, int maximum, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var p = _partitions[partition];
        lock (p.Lock)
        {
            return ValueTask.FromResult<IReadOnlyList<string>>([.. p.Line().Skip(skip).Take(maximum).Select(static pending => pending.Write.Key)]);
        }
    }

    public override ValueTask<IReadOnlyList<DeadRecord>> ListDeadAsync(int partition, int maximum, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var p = _partitions[partition];
        lock (p.Lock)
        {
            return ValueTask.FromResult<IReadOnlyList<DeadRecord>>([.. p.Dead.Values.Take(maximum)]);
        }
    }

    public override ValueTask<ReplayStatus> ReplayAsync(int partition, string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var p = _partitions[partition];
        lock (p.Lock)
        {
            if (!p.Dead.TryGetValue(key, out var dead))
            {
                return ValueTask.FromResult(ReplayStatus.Missing);
            }

            var superseded = p.Pending.ContainsKey(key);
            if (!superseded && Append(p, key, dead.Payload, expected: 0, clock.GetUtcNow()).Status == AppendStatus.Full)
            {
                return ValueTask.FromResult(ReplayStatus.Full);
            }

            p.Dead.Remove(key);
            return ValueTask.FromResult(superseded ? ReplayStatus.Superseded : ReplayStatus.Replayed);
        }
    }

    public override ValueTask<bool> DiscardAsync(int partition, string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var p = _partitions[partition];
        lock (p.Lock)
        {
            return ValueTask.FromResult(p.Dead.Remove(key));
        }
    }

    public override ValueTask<PartitionCounts> CountAsync(int partition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var p = _partitions[partition];
        lock (p.Lock)
        {
            return ValueTask.FromResult(p.Counts(clock.GetUtcNow()));
        }
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private AppendResult Append(MemoryPartition p, string key, ReadOnlyMemory<byte> payload, long? expected, DateTimeOffset due)
    {
        var old = p.Pending.GetValueOrDefault(key);
        if (expected is { } number && number != (old?.Write.Sequence ?? 0))
        {
            return new AppendResult(AppendStatus.Conflict, 0);
        }

        var weight = Weigh(Encoding.UTF8.GetByteCount(key), payload.Length);
        if ((old is null && p.Pending.Count >= limits.Pending) || p.Bytes - (old?.Weight ?? 0) + weight > limits.Bytes)
        {
            return new AppendResult(AppendStatus.Full, 0);
        }

        if (old is not null)
        {
            p.Remove(old);
        }

        var write = new PendingWrite(key, ++p.Sequence, 0, old?.Write.Since ?? clock.GetUtcNow(), payload);
        p.Add(new MemoryWrite(write, old?.Due ?? due, weight));
        return new AppendResult(old is null ? AppendStatus.Added : AppendStatus.Replaced, p.Sequence);
    }

    private void Finish(MemoryPartition p, in WriteOutcome outcome, DateTimeOffset now)
    {
        if (outcome.Kind == OutcomeKind.Done && p.Dead.TryGetValue(outcome.Key, out var older) && older.Sequence <= outcome.Sequence)
        {
            p.Dead.Remove(outcome.Key); // the source has a newer value
        }

        if (!p.Pending.TryGetValue(outcome.Key, out var pending))
        {
            return;
        }

        var due = now + outcome.Delay;
        if (pending.Write.Sequence != outcome.Sequence)
        {
            p.Move(pending, pending.Write with { Since = outcome.Kind == OutcomeKind.Retry ? pending.Write.Since : now }, due);
            return;
        }

        var dies = outcome.Kind == OutcomeKind.Dead && (p.Dead.ContainsKey(outcome.Key) || p.Dead.Count < limits.Dead);
        if (outcome.Kind == OutcomeKind.Done || dies)
        {
            p.Remove(pending);
        }
        else
        {
            p.Move(pending, pending.Write with { Attempts = pending.Write.Attempts + 1 }, due);
        }

        if (dies)
        {
            var write = pending.Write;
            p.Dead[write.Key] = new DeadRecord(write.Key, write.Sequence, write.Attempts + 1, write.Since, now, outcome.Reason, write.Payload);
        }
    }
}
