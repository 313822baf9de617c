using Millrace.Caching.Remote.Partitioned;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

/// <summary>Tells one server of several of this node's layout, and hears of others'.</summary>
internal sealed class RedisLayouts(LayoutWatch watch, int partition, RedisNames names, ServerClock serverClock, RedisCacheOptions options, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Ends when those know of this node's layout who are trusted, on every server that can be reached.</summary>
    public async ValueTask SettleAsync(RedisClient client, CancellationToken stop)
    {
        while (true)
        {
            var wait = await AskAsync(client, stop).ConfigureAwait(false);
            if (wait <= TimeSpan.Zero)
            {
                watch.Known(partition);
                if (watch.IsSettled)
                {
                    return;
                }
            }

            var longest = options.TrustDuration / 3; // so that it stays in use meanwhile
            var pause = wait > Pause ? wait : Pause;
            await Task.Delay(pause < longest ? pause : longest, time, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Tells and hears.</summary>
    /// <returns>How long this node's layout must not be used yet.</returns>
    public async ValueTask<TimeSpan> AskAsync(RedisClient client, CancellationToken stop)
    {
        RedisArgument[] arguments = [watch.Text, (long)options.TrustDuration.TotalMilliseconds, LayoutWatch.Limit];
        var reply = await client.EvaluateAsync(RedisScripts.Layouts, [names.Layouts, names.Nodes], arguments, stop).ConfigureAwait(false);
        var others = new List<(string Text, TimeSpan Left)>();
        for (var i = 2; i + 1 < reply.Count; i += 2)
        {
            others.Add((reply[i].AsString() ?? "", TimeSpan.FromMilliseconds(reply[i + 1].AsInt64())));
        }

        watch.Told(partition, others);
        return others.Exists(static other => other.Left > TimeSpan.Zero) ? TimeSpan.FromMilliseconds(reply[1].AsInt64()) : TimeSpan.Zero;
    }

    /// <summary>The server cannot be reached.</summary>
    public void Away() => watch.Known(partition);

    /// <summary>Whether an entry of this server may have been changed on another since.</summary>
    public bool Covers(string key, long stamp) =>
        watch.Covers(key, partition, TimeSpan.FromMilliseconds(serverClock.Now - (stamp / 1000)) + options.Timeout); // as far as clocks are known
}
