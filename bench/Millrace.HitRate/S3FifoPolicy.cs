namespace Millrace.HitRate;

/// <summary>S3-FIFO with a small queue of a tenth: Yang, Zhang, Qiu, Yue, Rashmi, SOSP 2023.</summary>
internal sealed class S3FifoPolicy : ReplacementPolicy
{
    private readonly int _size;
    private readonly int _smallSize;
    private readonly Place[] _places;
    private readonly byte[] _reads;
    private readonly KeyQueue _small;
    private readonly KeyQueue _main;
    private readonly KeyQueue _ghosts;

    public S3FifoPolicy(int size, int keys)
    {
        (_size, _smallSize, _places, _reads) = (size, Math.Max(1, size / 10), new Place[keys], new byte[keys]);
        var (newer, older) = (new int[keys], new int[keys]);
        (_small, _main, _ghosts) = (new KeyQueue(newer, older), new KeyQueue(newer, older), new KeyQueue(newer, older));
    }

    private enum Place : byte
    {
        Out,
        Small,
        Main,
        Ghost,
    }

    public override bool Request(int key)
    {
        if (_places[key] is Place.Small or Place.Main)
        {
            _reads[key] = (byte)Math.Min(3, _reads[key] + 1);
            return true;
        }

        while (_small.Count + _main.Count >= _size)
        {
            if (_small.Count >= _smallSize)
            {
                EvictSmall();
            }
            else
            {
                EvictMain();
            }
        }

        var isGhost = _places[key] == Place.Ghost;
        if (isGhost)
        {
            _ghosts.Remove(key);
        }

        (_reads[key], _places[key]) = (0, isGhost ? Place.Main : Place.Small);
        (isGhost ? _main : _small).Add(key);
        return false;
    }

    private void EvictSmall()
    {
        while (_small.Count > 0)
        {
            var key = _small.TakeOldest();
            if (_reads[key] > 1)
            {
                (_reads[key], _places[key]) = (0, Place.Main);
                _main.Add(key);
                if (_main.Count > _size - _smallSize)
                {
                    EvictMain();
                }

                continue;
            }

            _places[key] = Place.Ghost;
            _ghosts.Add(key);
            if (_ghosts.Count > _size - _smallSize)
            {
                _places[_ghosts.TakeOldest()] = Place.Out;
            }

            return;
        }
    }

    private void EvictMain()
    {
        while (true)
        {
            var key = _main.TakeOldest();
            if (_reads[key] == 0)
            {
                _places[key] = Place.Out;
                return;
            }

            _reads[key]--;
            _main.Add(key);
        }
    }
}
