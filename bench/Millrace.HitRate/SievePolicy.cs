namespace Millrace.HitRate;

/// <summary>SIEVE: Zhang, Yang, Yue, Vigfusson, Rashmi, NSDI 2024.</summary>
internal sealed class SievePolicy : ReplacementPolicy
{
    private readonly int _size;
    private readonly int[] _newer;
    private readonly KeyQueue _queue;
    private readonly bool[] _isIn;
    private readonly bool[] _isVisited;
    private int _hand = -1; // -1: at the oldest

    public SievePolicy(int size, int keys)
    {
        (_size, _newer, _isIn, _isVisited) = (size, new int[keys], new bool[keys], new bool[keys]);
        _queue = new KeyQueue(_newer, new int[keys]);
    }

    public override bool Request(int key)
    {
        if (_isIn[key])
        {
            return _isVisited[key] = true;
        }

        if (_queue.Count == _size)
        {
            Evict();
        }

        (_isIn[key], _isVisited[key]) = (true, false);
        _queue.Add(key);
        return false;
    }

    private void Evict()
    {
        var at = _hand < 0 ? _queue.Oldest : _hand;
        while (_isVisited[at])
        {
            _isVisited[at] = false;
            at = _newer[at] < 0 ? _queue.Oldest : _newer[at];
        }

        _hand = _newer[at];
        _queue.Remove(at);
        _isIn[at] = false;
    }
}
