namespace Millrace.Redis.Protocol;

/// <summary>What the slots of a command's keys are needed for.</summary>
internal enum SlotUse
{
    /// <summary>Nothing: there is one connection.</summary>
    None,

    /// <summary>To choose among the connections to one server: the first key decides.</summary>
    Spread,

    /// <summary>To find the server of a cluster: all keys have to share one slot.</summary>
    Cluster,
}
