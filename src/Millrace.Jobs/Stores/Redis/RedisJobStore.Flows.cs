using System.Runtime.ExceptionServices;
using System.Text;
using Millrace.Jobs.Diagnostics;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Jobs that wait for others. What concerns several queues, which may be on several servers, is written down in the outbox of one of them in the step that
/// causes it, then delivered from there as often as it takes: by whoever caused it, else by a sweep.</summary>
internal sealed partial class RedisJobStore
{
    /// <summary>Messages of a queue that are looked at together.</summary>
    private const int MessagesPerLook = 100;

    /// <summary>How many bytes of a message that cannot be read the log shows.</summary>
    private const int BytesToTell = 16;

    public override async ValueTask<EnqueueOutcome> EnqueueFlowAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default)
    {
        var shares = new FlowShares(jobs);
        await NameAsync(shares.Queues, cancellationToken).ConfigureAwait(false);
        if (shares.Queues is [var only])
        {
            List<RedisArgument> whole = [Now(), string.Empty, 0, .. shares.Whole(maximumQueueLength).Select(static argument => (RedisArgument)argument)];
            var reply = await StoreAsync(JobScripts.DeliverFlow, only, whole, jobs, static reply => reply[0].AsInt64() != 0, cancellationToken).ConfigureAwait(false);
            await RelayAsync(reply[1].AsInt64() == 1 ? [only] : []).ConfigureAwait(false);
            return reply[0].AsInt64() == 0 ? Outcome(jobs, [.. reply.Items.Skip(2).Select(static id => id.AsString()!)]) : new EnqueueOutcome { FullQueue = only };
        }

        var existing = new HashSet<string>(StringComparer.Ordinal);
        foreach (var queue in shares.Queues)
        {
            var reply = await RunAsync(JobScripts.Measure, queue, [Now(), maximumQueueLength, .. shares.Jobs(queue).Select(static job => (RedisArgument)job.Id)], cancellationToken).ConfigureAwait(false);
            if (reply[0].AsInt64() == 1)
            {
                return new EnqueueOutcome { FullQueue = queue };
            }

            existing.UnionWith(reply.Items.Skip(1).Select(static id => id.AsString()!));
        }

        // Once this is written, the flow is stored.
        var home = jobs[0].Queue;
        await StoreAsync(JobScripts.WriteFlow, home, [Now(), FlowMessage.Write(Guid.NewGuid().ToString("N"), shares.All)], jobs, static _ => false, cancellationToken).ConfigureAwait(false);
        await RelayAsync([home]).ConfigureAwait(false);
        return Outcome(jobs, existing);
    }

    public override async ValueTask<JobLinks?> GetLinksAsync(string id, CancellationToken cancellationToken = default)
    {
        JobLinks? found = null;
        await EachAsync(
            await QueuesAsync(cancellationToken).ConfigureAwait(false),
            queue => RunAsync(JobScripts.GetLinks, queue, [Now(), id], cancellationToken),
            reply => found ??= reply.Count == 0 ? null : ReadLinks(reply)).ConfigureAwait(false);
        return found;
    }

    /// <summary>Delivers what these queues, and those that this concerns in turn, have to tell others. When that fails, the next sweep does it, and says so when it cannot either:
    /// the operation that caused it is done.</summary>
    private async ValueTask RelayAsync(List<string> queues)
    {
        if (queues.Count == 0)
        {
            return;
        }

        try
        {
            await RelayAsync(queues, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not (OutOfMemoryException or StackOverflowException))
        {
            // The messages stay where they are.
        }
    }

    private async ValueTask RelayAsync(IEnumerable<string> queues, CancellationToken cancellationToken)
    {
        var open = new Queue<string>(queues);
        Exception? left = null;
        while (open.TryDequeue(out var queue))
        {
            try
            {
                await RelayAsync(queue, open, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (IsLeft(error))
            {
                left ??= error; // the queues after it are not to wait for it
            }
        }

        if (left is not null)
        {
            ExceptionDispatchInfo.Throw(left);
        }
    }

    /// <summary>Whether a message could not be delivered now, but perhaps later: its queue's server is away, or replicas that have to have it do not confirm.</summary>
    private static bool IsLeft(Exception error) => error is JobNotReplicatedException || (error is RedisException failure && QueueOutages.IsOutage(failure));

    /// <summary>Delivers what one queue has to tell others; adds those that have to tell others in turn.</summary>
    private async ValueTask RelayAsync(string queue, Queue<string> open, CancellationToken cancellationToken)
    {
        while (true)
        {
            var messages = await _redis.ExecuteAsync("LRANGE", cancellationToken, Keys(queue).Outbox, 0, MessagesPerLook - 1).ConfigureAwait(false);
            foreach (var message in messages.Items)
            {
                foreach (var told in await DeliverAsync(queue, message.AsBytes()!, cancellationToken).ConfigureAwait(false))
                {
                    open.Enqueue(told);
                }

                await _redis.ExecuteAsync("LREM", cancellationToken, Keys(queue).Outbox, 1, message.AsBytes()!).ConfigureAwait(false);
            }

            if (messages.Count < MessagesPerLook)
            {
                return;
            }
        }
    }

    /// <summary>Delivers one message; returns the queues that have to tell others in turn.</summary>
    private async ValueTask<IReadOnlyCollection<string>> DeliverAsync(string from, byte[] bytes, CancellationToken cancellationToken)
    {
        FlowMessage message;
        try
        {
            message = FlowMessage.Read(from, bytes);
        }
        catch (InvalidDataException error)
        {
            // It must not stand in the way of the others.
            Log.MessageUnreadable(_logger, from, bytes.Length, Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, BytesToTell))), error.Message);
            return [];
        }

        var told = new List<string>();
        foreach (var share in message.Shares)
        {
            List<RedisArgument> arguments = [Now()];
            if (message.Flow is { } flow)
            {
                arguments.AddRange([flow, share.Number]);
            }

            arguments.AddRange(share.Arguments.Select(static argument => (RedisArgument)argument));
            var reply = message.Flow is null
                ? await RunAsync(JobScripts.Tell, share.Queue, arguments, cancellationToken).ConfigureAwait(false)
                : await StoreAsync(JobScripts.DeliverFlow, share.Queue, arguments, [], static _ => false, cancellationToken).ConfigureAwait(false); // else the message stays where it is
            if ((message.Flow is null ? reply : reply[1]).AsInt64() == 1)
            {
                told.Add(share.Queue);
            }
        }

        return told;
    }

    private static EnqueueOutcome Outcome(IReadOnlyList<NewJob> jobs, HashSet<string> existing) =>
        new() { Existing = existing.Count == 0 ? [] : [.. jobs.Where(job => existing.Contains(job.Id)).Select(static job => job.Id)] };

    private static JobLinks ReadLinks(RedisReply reply)
    {
        var (after, before) = (reply[1].Items, reply[2].Items);
        var links = new List<JobLink>();
        for (var i = 0; i + 2 < after.Count; i += 3)
        {
            var end = after[i + 2].AsBytes()!;
            links.Add(new JobLink
            {
                Job = new JobAddress(after[i].AsString()!, after[i + 1].AsString()!),
                Ended = end.Length == 0 ? null : (JobState)(end[0] - '0'),
                Result = end.Length > 1 && end[1] == '+' ? end.AsMemory(2) : default(ReadOnlyMemory<byte>?),
                ResultOmitted = end.Length > 1 && end[1] == '!',
            });
        }

        return new JobLinks
        {
            Condition = (JobCondition)reply[0].AsInt64(),
            After = links,
            Before = [.. before.Select(static text => text.AsString()!.Split('\0')).Where(static parts => parts.Length == 2).Select(static parts => new JobAddress(parts[0], parts[1]))
                .OrderBy(static job => job.Queue, StringComparer.Ordinal).ThenBy(static job => job.Id, StringComparer.Ordinal)],
        };
    }
}
