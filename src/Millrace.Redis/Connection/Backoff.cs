using System.Security.Cryptography;

namespace Millrace.Redis.Connection;

/// <summary>
/// How long to wait before the next attempt: exponential with full jitter, so that many clients that lost the same server do not come back in
/// step. Not thread-safe.
/// </summary>
internal sealed class Backoff(RedisOptions options)
{
    private int _failures;

    /// <summary>An attempt succeeded: the next failure begins anew.</summary>
    public void Reset() => _failures = 0;

    /// <summary>An attempt failed.</summary>
    /// <returns>How long to wait.</returns>
    public TimeSpan Next()
    {
        var ceiling = Math.Min(options.MaximumReconnectDelay.TotalMilliseconds, options.ReconnectDelay.TotalMilliseconds * Math.Pow(2, Math.Min(_failures++, 20)));
        return TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(1, Math.Max(2, (int)ceiling + 1)));
    }
}
