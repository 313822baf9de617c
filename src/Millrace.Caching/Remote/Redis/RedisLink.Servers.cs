using Millrace.Caching.Statistics;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

// The servers of a cluster, each with a breaker, trust and a part of the journal of its own (SlotGroups). The server that has the keys that all nodes share,
// and the channel, is the level: without it nothing is heard, and everything is away.
internal sealed partial class RedisLink
{
    private volatile SlotGroups? _groups; // null: there is one server, or the level is one of several
    private long _serverLosses;
    private Task _restoring = Task.CompletedTask; // the loop's

    /// <summary>Whether all servers are asked, as far as <see cref="IsReady"/> goes.</summary>
    public bool IsWhole => _groups is not { AnyAway: true };

    /// <summary>The same as <see cref="IsReady"/> for a key.</summary>
    public bool IsReadyFor(string key) => IsReady && (_groups is not { AnyAway: true } groups || groups.IsReady(key));

    /// <summary>How often trust was lost, in any server. While it stands, and <see cref="IsReadyFor"/>, what is known of a key is whole.</summary>
    public long LossesOfAny => Losses + Volatile.Read(ref _serverLosses);

    /// <summary>Parks a change of a key whose server is away; false: it is to be sent.</summary>
    public bool TryPark(string key)
    {
        if (_groups is not { AnyAway: true } groups)
        {
            return false;
        }

        lock (_lock) // in order with the last look at what is parked, before a server is asked again
        {
            if (groups.IsWritable(key))
            {
                return false;
            }

            _journal.Park(key);
            return true;
        }
    }

    /// <summary>The places of the keys that are asked for now, those of one server together.</summary>
    public IEnumerable<int[]> ByServer(IReadOnlyList<string> keys)
    {
        int[] places = [.. Enumerable.Range(0, keys.Count).Where(place => IsReadyFor(keys[place]))];
        if (places.Length == 0 || _groups is not { } groups)
        {
            return places.Length == 0 ? [] : [places];
        }

        var ranges = Client.GetSlotRanges();
        return places.GroupBy(place => groups.ServerOf(keys[place], ranges), StringComparer.Ordinal).Select(static server => server.ToArray());
    }

    /// <summary>The server of a key has answered.</summary>
    public void Succeeded(string key)
    {
        if (_groups is { } groups)
        {
            groups.Succeeded(key, Client);
        }
        else
        {
            Breaker.Succeeded();
        }
    }

    /// <summary>The server of a key has not answered; null: who did not is not known.</summary>
    public void Failed(Exception failure, string? key)
    {
        var server = _groups is { } groups && key is not null ? groups.ServerOf(key, Client.GetSlotRanges()) : null;
        if (!(server is null ? Breaker : _groups!.BreakerOf(server)).Failed())
        {
            return;
        }

        if (server is null)
        {
            Log.BreakerOpened(_logger, failure, _cacheName);
            Lose("it does not answer");
        }
        else
        {
            LoseServer(server, failure.Message);
        }
    }

    /// <summary>A change of a key was not carried out: its server is lost, and the change parked; false: it is not a matter of one server.</summary>
    public bool TryPark(string key, string reason) =>
        _groups is { } groups && groups.ServerOf(key, Client.GetSlotRanges()) is { } server && LoseServer(server, reason) && TryPark(key);

    /// <summary>Trust in a server is lost: it and its keys are away; false: it was all.</summary>
    private bool LoseServer(string server, string reason)
    {
        lock (_lock)
        {
            if (_groups is not { } groups || groups.Having(server, Client.GetSlotRanges()) is not { Length: > 0 } lost || groups.HaveState(lost))
            {
                Lose(reason);
                return false;
            }

            groups.Lose(lost);
            Volatile.Write(ref _serverLosses, _serverLosses + 1);
            _served.Lost();
            var isLost = lost.ToHashSet();
            _journal.ParkRecent(key => isLost.Contains(groups.Of(key)));
        }

        Log.ServerLost(_logger, _cacheName, server, reason);
        Wake();
        return true;
    }

    /// <summary>Begins to restore servers that are away, beside the heartbeats: one that does not answer must not delay them.</summary>
    private void RestoreServers(RedisClient client, CancellationToken stop)
    {
        if (_restoring.IsCompleted)
        {
            _restoring = RestoreServersAsync(client, stop);
        }
    }

    /// <summary>Asks servers that are away, and carries out what they have missed.</summary>
    private async Task RestoreServersAsync(RedisClient client, CancellationToken stop)
    {
        if (_groups is not { AnyAway: true } groups || _journal.SettledIn > TimeSpan.Zero) // a value on its way would undo what is about to be done
        {
            return;
        }

        var losses = LossesOfAny;
        var ranges = client.GetSlotRanges();
        var answering = await Task.WhenAll(groups.Probes(ranges).Select(async probe => await AnswersAsync(client, probe.Key, stop).ConfigureAwait(false) ? probe.Server : null)).ConfigureAwait(false);
        int[] back;
        lock (_lock)
        {
            back = losses == LossesOfAny ? groups.Answering([.. answering.OfType<string>()], ranges) : [];
            groups.Repay(back);
        }

        var isBack = back.ToHashSet();
        while (isBack.Count > 0)
        {
            var parked = _journal.TakeParked(key => isBack.Contains(groups.Of(key)));
            try
            {
                await UnlinkAsync(client, parked, stop).ConfigureAwait(false);
            }
            catch (Exception) // whatever it was: what is parked stays so, and its servers away, as was said when they were lost
            {
                lock (_lock)
                {
                    Array.ForEach(parked, _journal.Park);
                    groups.Fail(back);
                }

                stop.ThrowIfCancellationRequested();
                return; // at the next heartbeat
            }

            if (parked.Length == 0 && TryRestore(groups, back, losses, ranges))
            {
                return;
            }
        }
    }

    private bool TryRestore(SlotGroups groups, int[] back, long losses, IReadOnlyList<RedisSlotRange> ranges)
    {
        lock (_lock)
        {
            if (losses != LossesOfAny)
            {
                groups.Fail(back);
                return true;
            }

            var isBack = back.ToHashSet();
            if (_journal.HasParked(key => isBack.Contains(groups.Of(key))))
            {
                return false;
            }

            groups.Restore(back, _trustedUntil, ranges);
        }

        Log.ServersBack(_logger, _cacheName, string.Join(", ", ranges.Select(static range => range.Server).Distinct(StringComparer.Ordinal)));
        Invalidated?.Invoke(); // perhaps by others, meanwhile
        return true;
    }

    private async Task<bool> AnswersAsync(RedisClient client, RedisKey key, CancellationToken stop)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            using var timer = _time.CreateTimer(static limit => ((CancellationTokenSource)limit!).Cancel(), limit, _options.Timeout, Timeout.InfiniteTimeSpan);
            await client.ExistsAsync(key, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (failure is RedisException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            return false;
        }
    }

    /// <summary>Removes keys on a cluster, each server for itself.</summary>
    /// <returns>Whether all were removed; the others are parked.</returns>
    /// <exception cref="RedisException">It failed, and not because of one server.</exception>
    private async Task<bool> RemoveOnClusterAsync(SlotGroups groups, string[] keys, CancellationToken cancellationToken)
    {
        var (ranges, client) = (Client.GetSlotRanges(), Client);
        string[] own = [.. keys.Where(key => !TryPark(key))];
        var removed = await Task.WhenAll(own.GroupBy(key => groups.ServerOf(key, ranges), StringComparer.Ordinal).Select(RemoveAsync)).ConfigureAwait(false);
        return own.Length == keys.Length && Array.TrueForAll(removed, static isRemoved => isRemoved);

        async Task<bool> RemoveAsync(IGrouping<string?, string> server)
        {
            try
            {
                await UnlinkAsync(client, server, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (RedisException) when (server.Key is { } lost && LoseServer(lost, "an invalidation could not be carried out"))
            {
                return await RemoveOnClusterAsync(groups, [.. server], cancellationToken).ConfigureAwait(false); // which parks them, if the server is not back already
            }
        }
    }

    private async Task UnlinkAsync(RedisClient client, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        foreach (var chunk in keys.Chunk(512))
        {
            await client.UnlinkAsync([.. chunk.Select(_names.Of)], cancellationToken).ConfigureAwait(false);
        }
    }
}
