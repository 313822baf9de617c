using System.Globalization;
using System.Text.Json;
using Millrace.Caching.Invalidation;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

/// <summary>Carries out invalidations of this node in the second level, and tells the others.</summary>
internal sealed class RedisPublisher(string node, RedisNames names, RemoteMarks marks, ServerClock serverClock, TimeProvider time)
{
    /// <summary>The tags that the server remembers as invalidated.</summary>
    private const int MaximumTags = 131_072;

    /// <summary>The command that publishes on the cache's channels.</summary>
    public static string Command(bool isCluster) => isCluster ? "SPUBLISH" : "PUBLISH";

    /// <summary>Invalidates what a message names, by stamp, and publishes it; both in one step.</summary>
    /// <returns>The stamp, and the other nodes that were trusted then, with how long they still are.</returns>
    public async ValueTask<(long Stamp, Dictionary<string, TimeSpan> Nodes)> PublishAsync(
        RedisClient client, InvalidationMessage message, bool isCluster, CancellationToken cancellationToken)
    {
        string[] invalidated = [.. message.Tags ?? [], .. message.Patterns ?? []];
        RedisArgument[] arguments =
        [
            serverClock.Stamp, Command(isCluster), names.Channel, JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Default.InvalidationMessage),
            message.Everything ? 1 : 0, MaximumTags, RemoteMarks.PatternLimit, message.Tags?.Length ?? 0, .. invalidated.Select(static name => (RedisArgument)name),
        ];
        var reply = await client.EvaluateAsync(RedisScripts.Invalidate, [names.State, names.Tags, names.Patterns, names.Nodes], arguments, cancellationToken)
            .ConfigureAwait(false);
        var stamp = long.Parse(reply[0].AsString()!, CultureInfo.InvariantCulture);
        serverClock.Saw(stamp);
        message.Mark(marks, stamp);
        var nodes = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        for (var i = 2; i + 1 < reply.Count; i += 2)
        {
            if (reply[i].AsString() is { } other && other != node)
            {
                nodes[other] = TimeSpan.FromMilliseconds(reply[i + 1].AsInt64());
            }
        }

        return (stamp, nodes);
    }

    /// <summary>Carries out what the level does not have, or may not have.</summary>
    public async Task RepayAsync(RedisClient client, Journal journal, bool isCluster, Func<string[], CancellationToken, ValueTask<bool>> remove, CancellationToken stop)
    {
        if (journal.SettledIn is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, stop).ConfigureAwait(false); // a value on its way would undo what is about to be done
        }

        var owed = journal.Take();
        try
        {
            foreach (var chunk in owed.Keys.Chunk(512))
            {
                await remove(chunk, stop).ConfigureAwait(false);
            }

            foreach (var chunk in owed.Tags.Chunk(256))
            {
                await PublishAsync(client, new InvalidationMessage { Node = node, Tags = chunk }, isCluster, stop).ConfigureAwait(false);
            }

            foreach (var chunk in owed.Patterns.Chunk(256))
            {
                await PublishAsync(client, new InvalidationMessage { Node = node, Patterns = [.. chunk.Select(static glob => glob.Text)] }, isCluster, stop).ConfigureAwait(false);
            }

            if (owed.Everything)
            {
                await PublishAsync(client, new InvalidationMessage { Node = node, Everything = true }, isCluster, stop).ConfigureAwait(false);
            }
        }
        catch
        {
            owed.Keys.ForEach(key => journal.Owe(JournalKind.Key, key));
            owed.Tags.ForEach(tag => journal.Owe(JournalKind.Tag, tag));
            owed.Patterns.ForEach(glob => journal.Owe(JournalKind.Pattern, glob.Text));
            if (owed.Everything)
            {
                journal.Owe(JournalKind.Everything, "");
            }

            throw;
        }
    }
}
