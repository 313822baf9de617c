namespace Millrace.HitRate;

/// <summary>A queue of keys in order of arrival, linked through arrays that several queues may share, as long as no key is in two of them.</summary>
internal sealed class KeyQueue(int[] newer, int[] older)
{
    private const int None = -1;

    private int _newest = None;

    public int Oldest { get; private set; } = None;

    public int Count { get; private set; }

    public void Add(int key)
    {
        (older[key], newer[key]) = (_newest, None);
        if (_newest == None)
        {
            Oldest = key;
        }
        else
        {
            newer[_newest] = key;
        }

        _newest = key;
        Count++;
    }

    public void Remove(int key)
    {
        if (newer[key] == None)
        {
            _newest = older[key];
        }
        else
        {
            older[newer[key]] = older[key];
        }

        if (older[key] == None)
        {
            Oldest = newer[key];
        }
        else
        {
            newer[older[key]] = newer[key];
        }

        Count--;
    }

    public int TakeOldest()
    {
        var key = Oldest;
        Remove(key);
        return key;
    }
}
