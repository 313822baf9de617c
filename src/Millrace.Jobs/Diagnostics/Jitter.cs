using System.Security.Cryptography;

namespace Millrace.Jobs.Diagnostics;

/// <summary>Chance, seedable for tests. Thread-safe.</summary>
internal class Jitter(int? seed = null)
{
    private readonly Lock _lock = new(); // guards _random
    private readonly Random _random = new(seed ?? RandomNumberGenerator.GetInt32(int.MaxValue));

    /// <summary>From 0 up to, not including, 1.</summary>
    public virtual double Next()
    {
        lock (_lock)
        {
            return _random.NextDouble();
        }
    }
}
