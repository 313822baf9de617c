using System.Runtime.InteropServices;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>How many replicas have to have a job before its enqueue is acknowledged, and how long they get.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ReplicaWish(int Replicas, TimeSpan Timeout)
{
    /// <summary>Runs a script that stores jobs.</summary>
    /// <returns>What it returned, and how many replicas have confirmed; 0 when none had to.</returns>
    public ValueTask<(RedisReply Reply, int Replicas)> RunAsync(RedisClient redis, RedisScript script, QueueKeys keys, List<RedisArgument> arguments, CancellationToken cancellationToken)
    {
        var span = CollectionsMarshal.AsSpan(arguments);
        return Replicas > 0
            ? redis.EvaluateAndWaitAsync(script, keys.All, span, Replicas, Timeout, cancellationToken)
            : WithoutAsync(redis.EvaluateAsync(script, keys.All, span, cancellationToken));
    }

    /// <summary>What there is to say when too few replicas have confirmed jobs; else null.</summary>
    public JobNotReplicatedException? Shortage(IReadOnlyList<NewJob> jobs, int confirmed) =>
        confirmed < Replicas ? new JobNotReplicatedException([.. jobs.Select(static job => job.Id)], Replicas, confirmed) : null;

    private static async ValueTask<(RedisReply Reply, int Replicas)> WithoutAsync(ValueTask<RedisReply> reply) => (await reply.ConfigureAwait(false), 0);
}
