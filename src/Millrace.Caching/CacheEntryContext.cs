namespace Millrace.Caching;

/// <summary>What a factory may say about the entry that becomes of its value. For one run of the factory, and for one thread at a time.</summary>
public sealed class CacheEntryContext
{
    internal CacheEntryContext()
    {
    }

    /// <summary>The entry's lifetime, greater than zero; null (the default): what the policy says.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan? Expiration
    {
        get;
        set => field = value is null || value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The expiration of an entry must be greater than zero; to keep nothing, set DoNotCache.");
    }

    /// <summary>Tags to invalidate the entry by, beside those of the call; empty at first. The rules for tags hold.</summary>
    public ICollection<string> Tags { get; } = [];

    /// <summary>Whether the value reaches its callers and is not kept. Default false.</summary>
    public bool DoNotCache { get; set; }
}
