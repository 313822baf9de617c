using System.Diagnostics;

namespace Millrace.Micro;

/// <summary>Callers that each await one call after the other for a time.</summary>
internal static class Load
{
    /// <summary>Runs callers side by side.</summary>
    /// <param name="callers">How many.</param>
    /// <param name="seconds">For how long; a tenth of it runs before, unmeasured.</param>
    /// <param name="call">One call of a caller. It is awaited here, without a method between that would allocate.</param>
    /// <param name="isRight">Whether the result is what it has to be.</param>
    /// <param name="operations">How many operations a call is.</param>
    /// <exception cref="InvalidOperationException">A result was wrong.</exception>
    public static async Task<LoadResult> RunAsync<T>(int callers, double seconds, Func<int, ValueTask<T>> call, Func<T, bool> isRight, int operations = 1)
    {
        await RunOnceAsync(callers, Math.Max(0.5, seconds / 10), call, isRight, operations);
        return await RunOnceAsync(callers, seconds, call, isRight, operations);
    }

    private static async Task<LoadResult> RunOnceAsync<T>(int callers, double seconds, Func<int, ValueTask<T>> call, Func<T, bool> isRight, int operations)
    {
        var latencies = new List<double>[callers];
        for (var i = 0; i < callers; i++)
        {
            latencies[i] = new List<double>(4096);
        }

        GC.Collect();
        var start = Stopwatch.GetTimestamp();
        var end = start + (long)(seconds * Stopwatch.Frequency);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var tasks = new Task<long>[callers];
        for (var i = 0; i < callers; i++)
        {
            var caller = i;
            var own = latencies[i];
            tasks[i] = Task.Run(async () =>
            {
                long count = 0;
                for (var calls = 0; ; calls++)
                {
                    // Every 64th call is timed: a clock for each would be part of what is measured.
                    var isTimed = (calls & 63) == 0;
                    var began = isTimed ? Stopwatch.GetTimestamp() : 0;
                    if (isTimed && began >= end)
                    {
                        return count;
                    }

                    if (!isRight(await call(caller).ConfigureAwait(false)))
                    {
                        throw new InvalidOperationException("A reply is not the value that was asked for.");
                    }

                    count += operations;
                    if (isTimed && own.Count < own.Capacity)
                    {
                        own.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                    }
                }
            });
        }

        var counts = await Task.WhenAll(tasks);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var total = counts.Sum();
        var sorted = latencies.SelectMany(static own => own).Order().ToArray();
        return new LoadResult(
            total / elapsed, (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)total, sorted[sorted.Length / 2], sorted[(int)(sorted.Length * 0.99)]);
    }
}
