using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public sealed partial class RedisClient
{
    private static readonly CommandName XReadBlockName = CommandName.Read("XREAD");
    private static readonly CommandName XReadGroupBlockName = CommandName.Write("XREADGROUP");

    private static readonly ReplyParser<RedisStreamEntry[]?> EntriesOrNull =
        static (ref reader, operation) => reader.TryReadNull() ? null : StreamReplies.OneStream(ref reader, operation);

    /// <summary>XREAD BLOCK: the entries of a stream behind an id, the least first; waits for one where there is none.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="after">The id before the first entry; <c>$</c>: what is added from now on. To miss nothing between two calls, pass the id of the
    /// last entry that the call before returned.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="count">At most how many; null: all. Default: null.</param>
    /// <param name="cancellationToken">Ends the wait; entries that have come by then are returned.</param>
    /// <returns>The entries; empty when there were none in time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year, or <paramref name="count"/> is less than 1.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<RedisStreamEntry[]> XReadBlockAsync(
        RedisKey key, string after, TimeSpan timeout, int? count = null, CancellationToken cancellationToken = default)
    {
        var arguments = new List<RedisArgument>(7);
        AddLimits(arguments, timeout, count);
        return EntriesAsync(BlockAsync(XReadBlockName, EntriesOrNull, timeout, cancellationToken, [.. arguments, "STREAMS", key, after]));
    }

    /// <summary>XREADGROUP BLOCK: gives entries of a stream that nobody was given to a consumer; waits for one where there is none.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="group">The group.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="count">At most how many; null: all. Default: null.</param>
    /// <param name="acknowledged">Whether they count as acknowledged at once (NOACK). Default: false.</param>
    /// <param name="cancellationToken">Ends the wait; entries that were given by then are returned.</param>
    /// <returns>The entries; empty when there were none in time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year, or <paramref name="count"/> is less than 1.</exception>
    /// <exception cref="RedisServerException">There is no such group or stream (code <c>NOGROUP</c>).</exception>
    /// <exception cref="RedisException">It was not answered; entries that were given meanwhile are pending for the consumer.</exception>
    public ValueTask<RedisStreamEntry[]> XReadGroupBlockAsync(
        RedisKey key,
        RedisArgument group,
        RedisArgument consumer,
        TimeSpan timeout,
        int? count = null,
        bool acknowledged = false,
        CancellationToken cancellationToken = default)
    {
        List<RedisArgument> arguments = ["GROUP", group, consumer];
        AddLimits(arguments, timeout, count);
        if (acknowledged)
        {
            arguments.Add("NOACK");
        }

        return EntriesAsync(BlockAsync(XReadGroupBlockName, EntriesOrNull, timeout, cancellationToken, [.. arguments, "STREAMS", key, ">"]));
    }

    private static void AddLimits(List<RedisArgument> arguments, TimeSpan timeout, int? count)
    {
        if (count is { } limit)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1, nameof(count));
            arguments.AddRange(["COUNT", limit]);
        }

        arguments.AddRange(["BLOCK", (long)Milliseconds(timeout)]);
    }

    private static async ValueTask<RedisStreamEntry[]> EntriesAsync(ValueTask<RedisStreamEntry[]?> reading) => await reading.ConfigureAwait(false) ?? [];
}
