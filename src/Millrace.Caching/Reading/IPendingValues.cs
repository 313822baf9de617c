namespace Millrace.Caching.Reading;

/// <summary>Values that were written and have not reached their source yet: newer than what a read of the source would bring.</summary>
internal interface IPendingValues
{
    /// <summary>The pending value of a key, if there is one; never throws but for a cancelled token.</summary>
    ValueTask<PendingLookup<T>> FindAsync<T>(string key, CancellationToken cancellationToken);
}
