using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Statistics;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis.Sweeping;

// Gives back what invalidated entries take in the server. An invalidation is a stamp, so what it covers stays there, though nobody serves it, until it
// expires, is replaced, or is swept:
//
//   1. Wake: this node has heard of an invalidation, its own included, or has just connected. Some more may follow, so it waits a moment.
//   2. Turn: one node at a time sweeps a server, by a key that it renews and that ends by itself. There is a turn only if something was invalidated since
//      the last sweep that came to its end; else everybody rests until the next word.
//   3. Scan: SCAN of the cache's keys, on a cluster of one primary after the other, page by page at a bounded rate. Of each key the beginning is read, which
//      has its stamp and tags, and compared with the server's stamps.
//   4. Remove: what is covered is unlinked by a script that compares it with what was read, so a value that has taken its place stays.
//   5. End: the server notes the last invalidation that there was when the turn began. If there were others since, the next turn is about those.
//
// It has a connection of its own, for the time of its turn: on the one that reads, the server would take it for interested in every key that it looks at.
// A sweep that is broken off is begun anew by somebody else; what it has removed is removed.
internal sealed class RedisSweeper : IAsyncDisposable
{
    private const int HeadBytes = 1024; // of an entry that are read to find its tags
    private const int LongestHeadBytes = 256 * 1024;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TurnDuration = TimeSpan.FromSeconds(10);

    private readonly string _cacheName;
    private readonly RedisNames _names;
    private readonly RedisLink _link;
    private readonly int _keysPerSecond;
    private readonly (RedisOptions Options, RedisClientServices Services) _redis;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _wake = new(1);
    private readonly Task _running;
    private long _finished;
    private long _looked;
    private long _removed;

    public RedisSweeper(
        string cacheName, RedisNames names, RedisLink link, int keysPerSecond, (RedisOptions Options, RedisClientServices Services) redis, TimeProvider time, ILogger logger)
    {
        (_cacheName, _names, _link, _keysPerSecond, _redis, _time, _logger) = (cacheName, names, link, keysPerSecond, redis, time, logger);
        _running = keysPerSecond > 0 ? Task.Run(RunAsync) : Task.CompletedTask;
        link.Invalidated = Wake;
    }

    public SweepCounts Counts => new(Interlocked.Read(ref _finished), Interlocked.Read(ref _looked), Interlocked.Read(ref _removed));

    public async ValueTask DisposeAsync()
    {
        _link.Invalidated = null;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            _wake.Release(); // twice at once wakes once too often, which does no harm
        }
    }

    private async Task RunAsync()
    {
        var stop = _stopping.Token;
        var isFailing = false;
        while (true)
        {
            // 1. Wake
            await _wake.WaitAsync(stop).ConfigureAwait(false);
            try
            {
                await Task.Delay(Settling, _time, stop).ConfigureAwait(false);
                while (!_link.IsReady || await TakeTurnAsync(stop).ConfigureAwait(false))
                {
                    await Task.Delay(Settling, _time, stop).ConfigureAwait(false);
                }

                isFailing = false;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) // the top of the loop: the server, most likely; what is left is swept later
            {
                if (!isFailing)
                {
                    Log.SweepFailed(_logger, failure, _cacheName);
                }

                isFailing = true;
                await Task.Delay(TurnDuration, _time, stop).ConfigureAwait(false);
                Wake();
            }
        }
    }

    /// <summary>Sweeps once, if it is this node's turn; waits, if it is another's.</summary>
    /// <returns>Whether there may be more to do.</returns>
    private async Task<bool> TakeTurnAsync(CancellationToken stop)
    {
        // 2. Turn
        var claim = await ClaimAsync(_link.Client, stop).ConfigureAwait(false);
        if (claim[0].AsInt64() != 2)
        {
            if (claim[0].AsInt64() == 1)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(claim[1].AsInt64(), 1, (long)TurnDuration.TotalMilliseconds)), _time, stop).ConfigureAwait(false);
            }

            return claim[0].AsInt64() == 1; // whoever has the turn may be gone when it ends
        }

        var (began, before) = (_time.GetTimestamp(), Counts);
        var client = await RedisClient.ConnectAsync(Connection(), _redis.Services, stop).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            var isFinished = false;
            try
            {
                isFinished = await SweepAsync(client, claim, stop).ConfigureAwait(false);
            }
            finally
            {
                // 5. End
                RedisArgument[] arguments = [_link.Node, isFinished ? claim[1].AsString()! : ""];
                await client.EvaluateAsync(SweepScripts.End, [_names.State, _names.Sweeper], arguments, CancellationToken.None).ConfigureAwait(false);
            }

            if (isFinished)
            {
                Interlocked.Increment(ref _finished);
                Log.Swept(_logger, _cacheName, Counts.Looked - before.Looked, Counts.Removed - before.Removed, _time.GetElapsedTime(began));
            }
        }

        return true;
    }

    private ValueTask<RedisReply> ClaimAsync(RedisClient client, CancellationToken stop) =>
        client.EvaluateAsync(SweepScripts.Claim, [_names.State, _names.Sweeper], [_link.Node, (long)TurnDuration.TotalMilliseconds], stop);

    /// <returns>False: the turn was lost.</returns>
    private async Task<bool> SweepAsync(RedisClient client, RedisReply claim, CancellationToken stop)
    {
        // 3. Scan
        var marks = await SweepMarks.LoadAsync(client, _names, claim, stop).ConfigureAwait(false);
        var pace = new SweepPace(_keysPerSecond, _time);
        var renewed = _time.GetTimestamp();
        await pace.NextAsync(stop).ConfigureAwait(false);
        await foreach (var page in client.ScanPagesAsync(_names.EntryPattern, pace.PageKeys, "string", stop).ConfigureAwait(false))
        {
            if (page.Count > 0)
            {
                await SweepAsync(client, marks, page, stop).ConfigureAwait(false);
            }

            await pace.NextAsync(stop).ConfigureAwait(false);
            if (_time.GetElapsedTime(renewed) > TurnDuration / 3)
            {
                renewed = _time.GetTimestamp();
                if ((await ClaimAsync(client, stop).ConfigureAwait(false))[0].AsInt64() != 2)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private async Task SweepAsync(RedisClient client, SweepMarks marks, IReadOnlyList<byte[]> page, CancellationToken stop)
    {
        var heads = await Task.WhenAll(page.Select(name => ReadAsync(client, name, stop))).ConfigureAwait(false);
        var entries = heads.OfType<SweptEntry>().ToArray();
        Interlocked.Add(ref _looked, entries.Length);
        var tags = entries.SelectMany(static entry => entry.Tags).Distinct(StringComparer.Ordinal).ToArray();
        var stamps = new Dictionary<string, double>(StringComparer.Ordinal);
        if (tags.Length > 0)
        {
            var scores = await client.ZMScoreAsync(_names.Tags, Array.ConvertAll(tags, static tag => (RedisArgument)tag), stop).ConfigureAwait(false);
            for (var i = 0; i < tags.Length; i++)
            {
                stamps[tags[i]] = scores[i] ?? -1;
            }
        }

        // 4. Remove
        var covered = Array.FindAll(
            entries, entry => marks.Covers(entry.Key, entry.Stamp, entry.Tags) || Array.Exists(entry.Tags, tag => entry.Stamp <= stamps[tag]));
        var removed = await Task.WhenAll(covered.Select(entry => client.EvaluateAsync(SweepScripts.Unlink, [entry.Name], [entry.Mark], stop).AsTask())).ConfigureAwait(false);
        Interlocked.Add(ref _removed, removed.Sum(static reply => reply.AsInt64()));
    }

    /// <summary>Reads the beginning of an entry; null: it is none, such as a lease.</summary>
    private async Task<SweptEntry?> ReadAsync(RedisClient client, byte[] bytes, CancellationToken stop)
    {
        if (_names.KeyOf(bytes) is not { } key)
        {
            return null;
        }

        var name = new RedisKey(bytes);
        for (var length = HeadBytes; ; length = LongestHeadBytes)
        {
            var head = await client.GetRangeAsync(name, 0, length - 1, stop).ConfigureAwait(false) ?? [];
            if (EntryCodec.TryReadHead(head, out var stamp, out var tags))
            {
                return new SweptEntry(key, name, stamp, tags, head.AsMemory(0, EntryCodec.MarkLength));
            }

            if (head.Length < length || length == LongestHeadBytes)
            {
                return null;
            }
        }
    }

    private RedisOptions Connection()
    {
        var options = _redis.Options.Clone();
        options.Tracking = null;
        options.AbortOnConnectFailure = true;
        return options;
    }
}
