using System.Diagnostics;
using System.Net.Sockets;

namespace Millrace.TestKit;

/// <summary>Asks a server again and again until it is where the test needs it: for what no signal tells.</summary>
public static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);

    /// <summary>Asks until the answer is null. Errors of the connection, and of a server that is not ready, count as "not yet".</summary>
    /// <param name="whyNotYet">Null when it is so; otherwise what is missing, for the message.</param>
    /// <param name="what">What is waited for, as a statement.</param>
    /// <param name="limit">How long; null is a minute.</param>
    /// <exception cref="TimeoutException">It was not so within the limit; the message says what was missing last.</exception>
    public static async Task UntilAsync(Func<Task<string?>> whyNotYet, string what, TimeSpan? limit = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            string? missing;
            try
            {
                missing = await whyNotYet();
            }
            catch (Exception failure) when (failure is IOException or SocketException or TimeoutException or Redis.RedisControlException)
            {
                missing = failure.Message;
            }

            if (missing is null)
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(started) > (limit ?? DefaultLimit))
            {
                throw new TimeoutException($"Waited {(limit ?? DefaultLimit).TotalSeconds} s until {what}: {missing}.");
            }

            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}
