namespace Millrace.Caching.Local.Eviction;

/// <summary>Entries in order of arrival, linked through themselves, with their number and weight.</summary>
internal sealed class EntryQueue(EntrySection section)
{
    private Entry? _newest;

    public Entry? Oldest { get; private set; }

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    public void Add(Entry entry)
    {
        entry.Section = section;
        entry.Older = _newest;
        entry.Newer = null;
        if (_newest is null)
        {
            Oldest = entry;
        }
        else
        {
            _newest.Newer = entry;
        }

        _newest = entry;
        Count++;
        Bytes += entry.Weight;
    }

    public void Remove(Entry entry)
    {
        if (entry.Newer is null)
        {
            _newest = entry.Older;
        }
        else
        {
            entry.Newer.Older = entry.Older;
        }

        if (entry.Older is null)
        {
            Oldest = entry.Newer;
        }
        else
        {
            entry.Older.Newer = entry.Newer;
        }

        entry.Newer = entry.Older = null;
        entry.Section = EntrySection.None;
        Count--;
        Bytes -= entry.Weight;
    }
}
