namespace Millrace.Caching.WriteBehind;

/// <summary>What became of a write that was to be kept.</summary>
internal enum AppendStatus
{
    /// <summary>Kept; no write of its key was pending.</summary>
    Added,

    /// <summary>Kept in place of an older one.</summary>
    Replaced,

    /// <summary>Not kept: the partition is full.</summary>
    Full,

    /// <summary>Not kept: another write of the key is pending than the caller expected.</summary>
    Conflict,
}
