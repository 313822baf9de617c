namespace Millrace.Redis;

/// <summary>Which servers commands that only read go to. Writes always go to a primary.</summary>
public enum RedisReadFrom
{
    /// <summary>The primary: a read sees every write that was acknowledged before it.</summary>
    Primary,

    /// <summary>A replica where one can be reached, otherwise the primary. A read may miss the last writes.</summary>
    PreferReplica,

    /// <summary>A replica, or the command fails. A read may miss the last writes.</summary>
    Replica,
}
