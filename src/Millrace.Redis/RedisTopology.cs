namespace Millrace.Redis;

/// <summary>How the servers of <see cref="RedisOptions.Endpoints"/> belong together.</summary>
public enum RedisTopology
{
    /// <summary>
    /// The first server that answers says whether it is a cluster's node or stands alone. <see cref="Sentinel"/> where
    /// <see cref="RedisOptions.SentinelServiceName"/> is set.
    /// </summary>
    Auto,

    /// <summary>One server. Of several endpoints, the first that can be reached is used.</summary>
#pragma warning disable CA1720 // one server is what Redis users call it; no number is meant
    Single,
#pragma warning restore CA1720 // as above

    /// <summary>The endpoints are Sentinels. They name the primary of <see cref="RedisOptions.SentinelServiceName"/> and its replicas.</summary>
    Sentinel,

    /// <summary>The endpoints are nodes of a cluster, any of them; the others are found through them.</summary>
    Cluster,
}
