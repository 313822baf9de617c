namespace Millrace.Redis.Cluster;

/// <summary>Why a node of a cluster did not run a command, and what follows.</summary>
internal enum RefusalKind
{
    /// <summary>It is none of these: the caller's.</summary>
    None,

    /// <summary>The slot is another node's: remember it, and ask there.</summary>
    Moved,

    /// <summary>The key is on its way to another node: ask there this once.</summary>
    Ask,

    /// <summary>Some of the keys are on their way: ask again soon.</summary>
    TryAgain,

    /// <summary>The node cannot serve now: ask again later.</summary>
    Down,

    /// <summary>The node is a replica by now: find its primary.</summary>
    ReadOnly,
}
