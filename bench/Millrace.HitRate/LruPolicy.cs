namespace Millrace.HitRate;

/// <summary>Least recently used goes.</summary>
internal sealed class LruPolicy(int size, int keys) : ReplacementPolicy
{
    private readonly KeyQueue _queue = new(new int[keys], new int[keys]);
    private readonly bool[] _isIn = new bool[keys];

    public override bool Request(int key)
    {
        if (_isIn[key])
        {
            _queue.Remove(key);
            _queue.Add(key);
            return true;
        }

        if (_queue.Count == size)
        {
            _isIn[_queue.TakeOldest()] = false;
        }

        _isIn[key] = true;
        _queue.Add(key);
        return false;
    }
}
