using Millrace.Caching.Invalidation;

namespace Millrace.Caching.Remote.Distributed;

// What Redis is to all processes, and an IDistributedCache while Redis is away.
//
// The store is asked only during an outage, and only for what was stored during it: entries whose stamp is older than the outage as this process has
// seen it (and by as much as clocks may differ) count as missing, so nothing comes back that Redis had changed since. What is served from the store
// Redis does not have: it is noted there (Outdate), so that this process does not go back to what Redis had before. Copies in L1 from that time are
// not fresh any more once Redis is back, as with those from the source.
internal sealed class FallbackLevel(SecondLevel primary, DistributedLevel store) : SecondLevel
{
    private long _since; // the stamp at which the outage was noticed; 0: there is none

    public override bool IsAvailable => primary.IsAvailable;

    public override bool IsWhole => primary.IsWhole;

    public override bool HearsLate => primary.HearsLate;

    public override long Stamp => primary.Stamp;

    public override long ServerNow => primary.ServerNow;

    public override SweepCounts Sweeps => primary.Sweeps;

    public override ValueTask ReadyAsync(CancellationToken cancellationToken) => primary.ReadyAsync(cancellationToken);

    public override async ValueTask<RemoteAnswer> ReadAsync(string key, string[] tags, CancellationToken cancellationToken)
    {
        var answer = IsOut() ? new RemoteAnswer(RemoteAnswerKind.Unavailable) : await primary.ReadAsync(key, tags, cancellationToken).ConfigureAwait(false);
        return answer.Kind == RemoteAnswerKind.Unavailable && IsOut() ? await ReadStoreAsync(key, tags, cancellationToken).ConfigureAwait(false) : answer;
    }

    public override async ValueTask<RemoteAnswer[]> ReadManyAsync(IReadOnlyList<string> keys, string[] tags, CancellationToken cancellationToken)
    {
        if (!IsOut())
        {
            return await primary.ReadManyAsync(keys, tags, cancellationToken).ConfigureAwait(false);
        }

        return await Task.WhenAll(keys.Select(key => ReadStoreAsync(key, tags, cancellationToken).AsTask())).ConfigureAwait(false);
    }

    public override async ValueTask<RemoteAnswer> LeaseAsync(string key, string[] tags, long invalid, CancellationToken cancellationToken)
    {
        var answer = IsOut() ? new RemoteAnswer(RemoteAnswerKind.Unavailable) : await primary.LeaseAsync(key, tags, invalid, cancellationToken).ConfigureAwait(false);
        return answer.Kind == RemoteAnswerKind.Unavailable && IsOut() ? await store.LeaseAsync(key, tags, invalid, cancellationToken).ConfigureAwait(false) : answer;
    }

    public override async ValueTask<bool?> FillAsync(string key, RemoteLease lease, RemoteEntry entry, TimeSpan lifetime)
    {
        if (!IsOfStore(lease))
        {
            return await primary.FillAsync(key, lease, entry, lifetime).ConfigureAwait(false);
        }

        var stored = await store.FillAsync(key, lease, entry, lifetime).ConfigureAwait(false);
        primary.Outdate(key);
        return stored;
    }

    public override ValueTask<RemoteAnswer> RenewAsync(string key, ReadOnlyMemory<byte> mark, CancellationToken cancellationToken) =>
        primary.RenewAsync(key, mark, cancellationToken);

    public override ValueTask FailAsync(string key, RemoteLease lease, TimeSpan throttle) =>
        IsOfStore(lease) ? default : primary.FailAsync(key, lease, throttle);

    public override ValueTask ReleaseAsync(string key, RemoteLease lease) => IsOfStore(lease) ? default : primary.ReleaseAsync(key, lease);

    public override ValueTask<bool?> RetimeAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken) =>
        primary.RetimeAsync(key, lifetime, cancellationToken);

    public override async ValueTask<bool?> SetAsync(string key, RemoteEntry entry, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var stored = await primary.SetAsync(key, entry, lifetime, cancellationToken).ConfigureAwait(false);
        if (stored is null && IsOut())
        {
            await store.SetAsync(key, entry with { Stamp = 0 }, lifetime, cancellationToken).ConfigureAwait(false);
        }

        return stored;
    }

    public override ValueTask TouchAsync(string key, TimeSpan lifetime) => primary.TouchAsync(key, lifetime);

    public override async ValueTask RemoveAsync(IReadOnlyList<string> keys, bool confirmed, CancellationToken cancellationToken)
    {
        if (IsOut())
        {
            await store.RemoveAsync(keys, confirmed: false, cancellationToken).ConfigureAwait(false);
        }

        await primary.RemoveAsync(keys, confirmed, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask InvalidateAsync(
        IReadOnlyList<string> tags, IReadOnlyList<KeyGlob> patterns, bool everything, bool confirmed, CancellationToken cancellationToken)
    {
        if (IsOut())
        {
            await store.InvalidateAsync(tags, patterns, everything, confirmed: false, cancellationToken).ConfigureAwait(false);
        }

        await primary.InvalidateAsync(tags, patterns, everything, confirmed, cancellationToken).ConfigureAwait(false);
    }

    public override void Outdate(string key)
    {
        primary.Outdate(key);
        store.Outdate(key);
    }

    public override async ValueTask DisposeAsync()
    {
        await primary.DisposeAsync().ConfigureAwait(false);
        await store.DisposeAsync().ConfigureAwait(false);
    }

    private static bool IsOfStore(RemoteLease lease) => lease.Bytes.Length == 0;

    private bool IsOut()
    {
        if (primary.IsAvailable)
        {
            Volatile.Write(ref _since, 0);
            return false;
        }

        Interlocked.CompareExchange(ref _since, store.Stamp, 0);
        return true;
    }

    private async ValueTask<RemoteAnswer> ReadStoreAsync(string key, string[] tags, CancellationToken cancellationToken)
    {
        var since = Volatile.Read(ref _since);
        if (since == 0)
        {
            return new RemoteAnswer(RemoteAnswerKind.Unavailable); // it has just ended
        }

        var answer = await store.ReadAsync(key, tags, since + DistributedLevel.Tolerance, cancellationToken).ConfigureAwait(false);
        if (answer.Kind == RemoteAnswerKind.Hit)
        {
            primary.Outdate(key);
        }

        return answer;
    }
}
