using Millrace.Redis.Cluster;
using Millrace.Redis.Connection;
using Millrace.Redis.Routing;
using Millrace.Redis.Sentinel;

namespace Millrace.Redis.Topologies;

/// <summary>Makes the topology that the options name, or that the first server to answer tells.</summary>
internal static class TopologyFactory
{
    public static async Task<Topology> CreateAsync(ClientContext context, CancellationToken cancellationToken)
    {
        var options = context.Options;
        if (options.Topology == RedisTopology.Sentinel)
        {
            return new SentinelTopology(context);
        }

        if (options.Topology is RedisTopology.Single or RedisTopology.Auto)
        {
            var (endpoint, greeting) = options.Endpoints.Count == 1 && options.Topology == RedisTopology.Single
                ? (options.Endpoints[0], null)
                : await ProbeAsync(context, cancellationToken).ConfigureAwait(false);
            return options.Topology == RedisTopology.Auto && greeting is { IsCluster: true }
                ? new ClusterTopology(context)
                : new SingleTopology(endpoint, context);
        }

        if (options.Topology == RedisTopology.Cluster)
        {
            return new ClusterTopology(context);
        }

        throw new RedisException($"The topology {options.Topology} is not known.");
    }

    /// <summary>Asks the servers in order; the first that answers is taken.</summary>
    private static async Task<(RedisEndpoint Endpoint, ServerGreeting? Greeting)> ProbeAsync(ClientContext context, CancellationToken cancellationToken)
    {
        List<Exception> failures = [];
        foreach (var endpoint in context.Options.Endpoints)
        {
            ServerGreeting answered;
            try
            {
                var (connection, greeting) = await context.Opener
                    .OpenAsync(new ConnectionSetup(endpoint, context.Options), ConnectionRole.Dedicated, SilentOwner.Instance, cancellationToken).ConfigureAwait(false);
                connection.Abort(new RedisConnectionException("The question was answered."));
                answered = greeting;
            }
            catch (RedisException error)
            {
                failures.Add(error);
                continue;
            }

            Check(endpoint, answered, context.Options);
            return (endpoint, answered);
        }

        if (!context.Options.AbortOnConnectFailure)
        {
            return (context.Options.Endpoints[0], null);
        }

        throw failures.Count == 1 ? failures[0] : new RedisConnectionException("None of the servers could be reached.", new AggregateException(failures));
    }

    /// <summary>Whether the options fit what a server is that stands alone.</summary>
    private static void Check(RedisEndpoint endpoint, ServerGreeting greeting, RedisOptions options)
    {
        if (greeting.IsSentinel)
        {
            throw new RedisException(
                $"{endpoint} is a Sentinel. Set SentinelServiceName to the name under which it watches the primary (redis+sentinel://{endpoint}/name, "
                + "or serviceName=name), or name the servers themselves.");
        }

        if (!greeting.IsCluster && options.ReadFrom != RedisReadFrom.Primary)
        {
            throw new RedisException(
                $"ReadFrom is {options.ReadFrom}, but {endpoint} is a server of its own, whose replicas are not known: set ReadFrom to Primary, "
                + "or connect through its Sentinels (SentinelServiceName).");
        }
    }
}
