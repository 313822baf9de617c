using System.Collections.Concurrent;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Makes sure that no job is blocked for ever because a server lost what it had acknowledged, and with it a message between queues.</summary>
internal sealed partial class RedisJobStore
{
    /// <summary>Blocked jobs of a queue that one sweep looks at.</summary>
    private const int AuditedPerSweep = 100;

    /// <summary>Jobs that have been blocked for less than this are not looked at.</summary>
    private static readonly TimeSpan AuditAge = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> _audited = new(StringComparer.Ordinal); // by queue, how many of its blocked jobs this round has looked at

    /// <summary>Delivers what all queues have to tell others, and looks at jobs that have been blocked for long.</summary>
    /// <remarks>Candidates are read before the messages are delivered: after that the flows that they came with are stored as a whole, so a job that one waits for and that is
    /// not there has been there.</remarks>
    private async ValueTask TellAndAuditAsync(IReadOnlyList<string> queues, CancellationToken cancellationToken)
    {
        var open = new List<(JobAddress Job, JobAddress WaitsFor)>();
        foreach (var queue in queues)
        {
            var passed = _audited.GetValueOrDefault(queue);
            var reply = await RunAsync(JobScripts.ListBlocked, queue, [Now(), Milliseconds(AuditAge), passed, AuditedPerSweep], cancellationToken).ConfigureAwait(false);
            _audited[queue] = reply[0].AsInt64() < AuditedPerSweep ? 0 : passed + AuditedPerSweep;
            for (var i = 1; i + 2 < reply.Count; i += 3)
            {
                open.Add((new(queue, reply[i].AsString()!), new(reply[i + 1].AsString()!, reply[i + 2].AsString()!)));
            }
        }

        await RelayAsync(queues, cancellationToken).ConfigureAwait(false);
        var told = new List<string>();
        foreach (var group in open.GroupBy(static link => link.WaitsFor.Queue, StringComparer.Ordinal))
        {
            RedisArgument[] links = [.. group.SelectMany(static link => (RedisArgument[])[link.WaitsFor.Id, link.Job.Queue, link.Job.Id])];
            if ((await RunAsync(JobScripts.Look, group.Key, [Now(), .. links], cancellationToken).ConfigureAwait(false)).AsInt64() == 1)
            {
                told.Add(group.Key);
            }
        }

        await RelayAsync(told, cancellationToken).ConfigureAwait(false);
    }
}
