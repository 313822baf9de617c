namespace Millrace.Redis.Connection;

/// <summary>What a connection is for.</summary>
internal enum ConnectionRole
{
    /// <summary>Shared by any number of callers.</summary>
    Multiplexed,

    /// <summary>Lent to one caller at a time: blocking commands, WATCH.</summary>
    Dedicated,

    /// <summary>Receives publications.</summary>
    Subscriber,
}
