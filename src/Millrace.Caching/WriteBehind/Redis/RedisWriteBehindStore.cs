using System.Text;
using Millrace.Redis;

namespace Millrace.Caching.WriteBehind.Redis;

/// <summary>Pending writes in Redis: one hash tag per partition, so that it works on a cluster, and one script per operation.</summary>
/// <remarks>How durable a write is that was acknowledged is for the server to say: <c>appendonly yes</c> with <c>appendfsync always</c> survives a power
/// loss, <c>everysec</c> may lose the last second of it. The keys have no expiry; a server that evicts (<c>allkeys-*</c>) may evict them.</remarks>
internal sealed class RedisWriteBehindStore : WriteBehindStore
{
    private const int DeadPage = 16;

    private static readonly RedisScript AppendScript = Script("writes_append.lua", 4);
    private static readonly RedisScript ClaimScript = Script("writes_claim.lua", 5);
    private static readonly RedisScript FinishScript = Script("writes_finish.lua", 5);
    private static readonly RedisScript LeaseScript = Script("writes_lease.lua", 1);
    private static readonly RedisScript CountScript = Script("writes_count.lua", 5);
    private static readonly RedisScript ReplayScript = Script("writes_replay.lua", 5);

    private readonly RedisClient _redis;
    private readonly StoreLimits _limits;
    private readonly PartitionKeys[] _keys;

    public RedisWriteBehindStore(RedisClient redis, string keyPrefix, string name, StoreLimits limits)
    {
        (_redis, _limits) = (redis, limits);
        _keys = [.. Enumerable.Range(0, Partitions).Select(partition => new PartitionKeys(keyPrefix, name, partition))];
    }

    public override string Name => "redis";

    public override ValueTask InitializeAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public override async ValueTask<AppendResult> AppendAsync(
        int partition, string key, ReadOnlyMemory<byte> payload, long? expected, TimeSpan delay, CancellationToken cancellationToken)
    {
        var reply = await _redis.EvaluateAsync(
            AppendScript,
            _keys[partition].Pending,
            [key, payload, expected ?? -1, Milliseconds(delay), _limits.Pending, _limits.Bytes, Overhead],
            cancellationToken).ConfigureAwait(false);
        return new AppendResult(
            reply[0].AsInt64() switch
            {
                0 => AppendStatus.Added,
                1 => AppendStatus.Replaced,
                2 => AppendStatus.Full,
                3 => AppendStatus.Conflict,
                var other => throw new InvalidDataException($"The script writes_append.lua returned {other}."),
            },
            reply[1].AsInt64());
    }

    public override async ValueTask<PendingValue?> FindAsync(int partition, string key, CancellationToken cancellationToken)
    {
        var value = await _redis.HGetAsync(_keys[partition].Values, key, cancellationToken).ConfigureAwait(false);
        if (value is null)
        {
            return null;
        }

        var write = WriteText.ReadPending(key, value, since: 0);
        return new PendingValue(write.Sequence, write.Payload);
    }

    public override async ValueTask<ClaimResult> ClaimAsync(
        int partition, string owner, TimeSpan lease, int maximum, bool early, CancellationToken cancellationToken)
    {
        var reply = await _redis.EvaluateAsync(
            ClaimScript,
            _keys[partition].All,
            [owner, Milliseconds(lease), maximum, MaximumClaimBytes, Overhead, early ? 1 : 0],
            cancellationToken).ConfigureAwait(false);
        var next = reply[2].AsInt64();
        if (reply[0].AsInt64() == 0)
        {
            return ClaimResult.OwnedByAnother(TimeSpan.FromMilliseconds(next));
        }

        var writes = new List<PendingWrite>((reply.Count - 7) / 3);
        for (var i = 7; i + 2 < reply.Count; i += 3)
        {
            writes.Add(WriteText.ReadPending(Encoding.UTF8.GetString(reply[i].AsBytes()!), reply[i + 2].AsBytes(), (long)reply[i + 1].AsDouble()));
        }

        var counts = new PartitionCounts(reply[3].AsInt64(), reply[4].AsInt64(), reply[5].AsInt64(), TimeSpan.FromMilliseconds(reply[6].AsInt64()));
        return new ClaimResult(reply[0].AsInt64(), reply[1].AsInt64() == 1, writes, next < 0 ? null : TimeSpan.FromMilliseconds(next), counts);
    }

    public override async ValueTask<bool> RenewAsync(int partition, string owner, long fence, TimeSpan lease, CancellationToken cancellationToken) =>
        (await _redis.EvaluateAsync(LeaseScript, _keys[partition].State, [owner, fence, Math.Max(1, Milliseconds(lease))], cancellationToken)
            .ConfigureAwait(false)).AsInt64() == 1;

    public override async ValueTask ReleaseAsync(int partition, string owner, long fence, CancellationToken cancellationToken) =>
        _ = await _redis.EvaluateAsync(LeaseScript, _keys[partition].State, [owner, fence, 0], cancellationToken).ConfigureAwait(false);

    public override async ValueTask<bool> FinishAsync(
        int partition, string owner, long fence, IReadOnlyList<WriteOutcome> outcomes, CancellationToken cancellationToken)
    {
        var arguments = new List<RedisArgument>(4 + (5 * outcomes.Count)) { owner, fence, _limits.Dead, Overhead };
        foreach (var outcome in outcomes)
        {
            arguments.AddRange([(int)outcome.Kind, outcome.Key, outcome.Sequence, Milliseconds(outcome.Delay), outcome.Reason]);
        }

        var reply = await _redis.EvaluateAsync(FinishScript, _keys[partition].All, arguments.ToArray(), cancellationToken).ConfigureAwait(false);
        return reply.AsInt64() == 1;
    }

    public override async ValueTask<IReadOnlyList<string>> ListPendingAsync(int partition, int skip, int maximum, CancellationToken cancellationToken)
    {
        var reply = await _redis.ExecuteAsync("ZRANGE", cancellationToken, _keys[partition].Due, skip, (long)skip + maximum - 1).ConfigureAwait(false);
        return [.. reply.Items.Select(static item => item.AsString()!)];
    }

    public override async ValueTask<IReadOnlyList<DeadRecord>> ListDeadAsync(int partition, int maximum, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, DeadRecord>(StringComparer.Ordinal); // a scan may bring a field twice
        await foreach (var field in _redis.HScanAsync(_keys[partition].Dead, count: DeadPage, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (found.Count >= maximum)
            {
                break;
            }

            var key = Encoding.UTF8.GetString(field.Name);
            found[key] = WriteText.ReadDead(key, field.Value);
        }

        return [.. found.Values];
    }

    public override async ValueTask<ReplayStatus> ReplayAsync(int partition, string key, CancellationToken cancellationToken)
    {
        var reply = await _redis.EvaluateAsync(
            ReplayScript, _keys[partition].All, [key, _limits.Pending, _limits.Bytes, Overhead], cancellationToken).ConfigureAwait(false);
        return (ReplayStatus)reply.AsInt64() is var status && Enum.IsDefined(status)
            ? status
            : throw new InvalidDataException($"The script writes_replay.lua returned {reply}.");
    }

    public override ValueTask<bool> DiscardAsync(int partition, string key, CancellationToken cancellationToken) =>
        _redis.HDelAsync(_keys[partition].Dead, key, cancellationToken);

    public override async ValueTask<PartitionCounts> CountAsync(int partition, CancellationToken cancellationToken)
    {
        var reply = await _redis.EvaluateAsync(CountScript, _keys[partition].All, [], cancellationToken).ConfigureAwait(false);
        return new PartitionCounts(reply[0].AsInt64(), reply[1].AsInt64(), reply[2].AsInt64(), TimeSpan.FromMilliseconds(reply[3].AsInt64()));
    }

    /// <summary>The client is the services'.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static RedisScript Script(string file, int keys) => RedisScript.FromResource(typeof(RedisWriteBehindStore).Assembly, file, keys);

    private static long Milliseconds(TimeSpan span) => (long)Math.Ceiling(span.TotalMilliseconds);
}
