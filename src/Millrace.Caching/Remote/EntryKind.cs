namespace Millrace.Caching.Remote;

/// <summary>What stands under a key of the second level.</summary>
internal enum EntryKind
{
    Nothing,
    Entry,
    Lease,

    /// <summary>Nothing of ours, of a later version, or damaged: a miss, and to be overwritten.</summary>
    Unreadable,
}
