using System.Collections.Concurrent;

namespace Millrace.Caching.Tests;

/// <summary>
/// The rule that makes the cache trustworthy, under load: a read that begins after an invalidation has returned never yields a value that was
/// read from the source before it. Writers change a versioned source and invalidate; readers note, before they read, the least version they may
/// get; factories dawdle. Every run prints its seed with the failure.
/// </summary>
public sealed class CoherenceModelTests
{
    private const int Keys = 6;
    private const int Writes = 400;

    [Theory, Trait("req", "C-04")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Nobody_reads_what_is_older_than_an_invalidation_that_returned_before(int seed)
    {
        using var cache = Caches.With(
            o =>
            {
                o.InvalidatedTagLimit = 16; // forgetting happens all the time
                o.EntryLimit = 5; // and so does eviction
            },
            TimeProvider.System);
        var model = new Model(cache);
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 6).Select(i => Task.Run(() => ReadAsync(model, new Random((seed * 1000) + i), done.Token))).ToArray();
        var writers = Enumerable.Range(0, Keys).Select(key => Task.Run(() => WriteAsync(model, key, new Random((seed * 2000) + key)))).ToArray();
        await Task.WhenAll(writers).WaitAsync(Caches.Guard + Caches.Guard);
        await done.CancelAsync();
        await Task.WhenAll(readers).WaitAsync(Caches.Guard);
        Assert.True(model.Violations.IsEmpty, $"seed {seed}: {string.Join("; ", model.Violations.Take(5))}");
    }

    private static async Task WriteAsync(Model model, int key, Random random)
    {
        for (var i = 0; i < Writes || !model.HasSeenEnough; i++)
        {
            var version = Interlocked.Increment(ref model.Source[key]);
            switch (random.Next(8))
            {
                case 0:
                    await model.Cache.InvalidateAllAsync();
                    break;
                case 1 or 2 or 3:
                    await model.Cache.RemoveByTagAsync($"t:{key}");
                    break;
                case 4:
                    await model.Cache.SetAsync($"k:{key}", version, CachePolicies.Short, [$"t:{key}"]);
                    break;
                default:
                    await model.Cache.RemoveAsync($"k:{key}");
                    break;
            }

            Volatile.Write(ref model.Least[key], version);
            for (var pause = random.Next(6); pause > 0; pause--)
            {
                await model.Cache.RemoveByTagAsync($"noise:{random.Next(100)}");
                await Task.Yield();
            }
        }
    }

    private static async Task ReadAsync(Model model, Random random, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            var key = random.Next(Keys);
            var least = Volatile.Read(ref model.Least[key]);
            using var impatient = new CancellationTokenSource();
            var read = model.Cache.GetOrCreateAsync(
                $"k:{key}",
                (model, key, dawdle: random.Next(20)),
                static async (s, _) =>
                {
                    var version = Volatile.Read(ref s.model.Source[s.key]);
                    for (var i = 0; i < s.dawdle; i++)
                    {
                        await Task.Yield();
                    }

                    return version;
                },
                CachePolicies.Short,
                [$"t:{key}"],
                impatient.Token);
            try
            {
                if (random.Next(10) == 0)
                {
                    await impatient.CancelAsync();
                }

                var version = await read;
                if (version < least)
                {
                    model.Violations.Enqueue($"key {key}: read version {version} after {least} was announced");
                }
            }
            catch (OperationCanceledException)
            {
                // this reader ran out of patience
            }
        }
    }

    private sealed class Model(Cache cache)
    {
        public Cache Cache { get; } = cache;

        public int[] Source { get; } = new int[Keys];

        public int[] Least { get; } = new int[Keys];

        public ConcurrentQueue<string> Violations { get; } = new();

        /// <summary>True when the readers have met hits, joins and doomed flights, however the threads were scheduled; writers go on until then.</summary>
        public bool HasSeenEnough => Cache.GetStatistics() is { Hits: > 200, Joins: > 20, Doomed: > 20 } || !Violations.IsEmpty;
    }
}
