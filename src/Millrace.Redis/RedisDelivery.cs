namespace Millrace.Redis;

/// <summary>What is known of a command that ended without a reply.</summary>
public enum RedisDelivery
{
    /// <summary>No byte of it was handed to the network: it has not run, and repeating it is safe.</summary>
    NotSent,

    /// <summary>It was handed to the network, in part at least: it may have run. Repeat it only if running it twice does no harm.</summary>
    MayHaveRun,
}
