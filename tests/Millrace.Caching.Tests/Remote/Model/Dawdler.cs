namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>Delays by chance, so that everything overtakes everything somewhere. Thread-safe.</summary>
internal sealed class Dawdler(int seed)
{
    private int _state = seed;

    /// <summary>Chance from 0 to <paramref name="below"/>, excluded.</summary>
    public int Next(int below)
    {
        var z = (uint)Interlocked.Add(ref _state, unchecked((int)0x9E3779B9)); // SplitMix: Steele, Lea, Flood, OOPSLA 2014
        z = (z ^ (z >> 16)) * 0x85EBCA6B;
        z = (z ^ (z >> 13)) * 0xC2B2AE35;
        return (int)((z ^ (z >> 16)) % (uint)below);
    }

    /// <summary>Lets others go first, often not at all and seldom for long.</summary>
    public async ValueTask DawdleAsync()
    {
        for (var i = Next(4) == 0 ? Next(12) : 0; i > 0; i--)
        {
            await Task.Yield();
        }
    }

    /// <summary>The same on a thread that may not wait.</summary>
    public void Spin()
    {
        if (Next(4) == 0)
        {
            Thread.SpinWait(Next(2000));
        }
    }
}
