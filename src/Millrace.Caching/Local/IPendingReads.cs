namespace Millrace.Caching.Local;

/// <summary>The reads of sources in progress, as the store sees them.</summary>
internal interface IPendingReads
{
    /// <summary>Dooms all that are to bring this key, and lets nobody join them any more. Called under the lock of <see cref="LocalStore"/>.</summary>
    void Doom(string key);
}
