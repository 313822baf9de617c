namespace Millrace.Caching.Local;

// Which reads in progress must not be stored, joined or served any more, because another read of their key has seen more.
internal sealed partial class LocalStore
{
    /// <summary>
    /// A read has an answer of the second level, which may show a change that this process was not told of yet: other reads in progress may have an older
    /// one, and are doomed. What stands under the key goes, unless the read is to replace it.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="read">The read.</param>
    /// <param name="replaces">Whether the read can be doomed, and stores what it brings in place of what is older.</param>
    public void Overtake(string key, PendingRead read, bool replaces)
    {
        var hash = _entries.HashOf(key);
        lock (_lock)
        {
            OvertakeLocked(key, read, hash, replaces);
        }
    }

    /// <summary>
    /// What the second level has answered is about to be served: in one hold of the lock <see cref="Overtake"/>, <see cref="Store(Entry, PendingRead?)"/>,
    /// <see cref="IsOvertaken"/> and the end of the read.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="read">The read.</param>
    /// <param name="entry">What is to be stored; null: nothing is.</param>
    /// <param name="hash">Of the key.</param>
    /// <param name="hearsLate">Whether messages of changes may be late.</param>
    public (StoreResult Result, bool IsOvertaken) Land(string key, PendingRead read, Entry? entry, int hash, bool hearsLate)
    {
        lock (_lock)
        {
            if (hearsLate)
            {
                OvertakeLocked(key, read, hash, replaces: entry is not null);
            }

            var result = entry is null ? StoreResult.Stored : StoreLocked(entry, read, hash);
            var isOvertaken = read.Doomed && IsOvertakenLocked(key, read, hash, dropsOlder: hearsLate);
            _reads.Ended(read);
            return (result, isOvertaken);
        }
    }

    /// <summary>
    /// A read is about to be served what only the source has seen. Other reads of the key, which leave out other levels, may have read the source before:
    /// who comes now must not join them.
    /// </summary>
    public void Outrun(string key, PendingRead read)
    {
        if (_reads.AreApart)
        {
            lock (_lock)
            {
                _reads.Change(key, read);
            }
        }
    }

    /// <summary>
    /// Whether a later read has brought the key, or is to bring it, while this one was doomed. It need not have seen a later state of the source or of
    /// the second level, so its value must not be served after this one's.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="read">The read, which is about to be served.</param>
    /// <param name="dropsOlder">Whether what an earlier read has left goes, if this one is not overtaken: where messages may be late it may be older.</param>
    public bool IsOvertaken(string key, PendingRead read, bool dropsOlder)
    {
        if (!read.Doomed)
        {
            return false; // nobody could begin another like it, and those that leave out other levels were outrun
        }

        var hash = _entries.HashOf(key);
        lock (_lock)
        {
            return IsOvertakenLocked(key, read, hash, dropsOlder);
        }
    }

    private void OvertakeLocked(string key, PendingRead read, int hash, bool replaces)
    {
        if (read.Doomed)
        {
            return; // its own answer may be the older one, which IsOvertaken decides
        }

        _changes[MarkOf(hash)]++;
        _reads.Change(key, read);
        if (_entries.Find(key, hash) is { } entry && (!replaces || entry.Order > read.Order))
        {
            Remove(entry);
        }
    }

    private bool IsOvertakenLocked(string key, PendingRead read, int hash, bool dropsOlder)
    {
        var entry = _entries.Find(key, hash);
        if ((entry is not null && entry.Order > read.Order) || _reads.HasOther(key, read))
        {
            return true;
        }

        if (dropsOlder)
        {
            _changes[MarkOf(hash)]++;
            Remove(entry);
        }

        return false;
    }

    /// <summary>Keeps the value of a read from being stored.</summary>
    public void Doom(PendingRead read)
    {
        lock (_lock)
        {
            read.Doomed = true;
        }
    }
}
