namespace Millrace.Caching.Local;

/// <summary>The reads of sources in progress, as the store sees them.</summary>
internal interface IPendingReads
{
    /// <summary>Dooms all that are to bring this key, and lets nobody join them any more. Called under the lock of <see cref="LocalStore"/>.</summary>
    void Doom(string key);

    /// <summary>
    /// The key was changed in the second level: those that may have its old value are doomed as by <see cref="Doom"/>, those that wait for the
    /// change read again. Called under the lock of <see cref="LocalStore"/>.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="except">The read that is not concerned; null: all are.</param>
    void Change(string key, PendingRead? except);

    /// <summary>Whether a key may have several at once that callers can join: those that leave out a level are apart from those that do not.</summary>
    bool AreApart { get; }

    /// <summary>Notes that a read has brought its key. Called under the lock of <see cref="LocalStore"/>.</summary>
    void Ended(PendingRead read);

    /// <summary>Whether another read than this one is to bring the key. Called under the lock of <see cref="LocalStore"/>.</summary>
    bool HasOther(string key, PendingRead read);
}
