namespace Millrace.Caching.Local;

/// <summary>What became of an entry that was to be stored.</summary>
internal enum StoreResult
{
    Stored,

    /// <summary>Heavier than an entry may be; what stood under the key is gone.</summary>
    TooHeavy,

    /// <summary>Covered by an invalidation that arrived since the read of its source began.</summary>
    Doomed,

    /// <summary>A later read of the source is stored already.</summary>
    Superseded,

    /// <summary>The cache is closed.</summary>
    Closed,

    /// <summary>Not looked at, because others know of the read.</summary>
    Known,
}
