using Millrace.TestKit;

namespace Millrace.Caching.Tests;

/// <summary>Misses whose source answers without waiting take a way of their own; what holds for others holds there.</summary>
[Trait("req", "C-03")]
public sealed class SourceThatAnswersAtOnceTests
{
    private static readonly CachePolicy Policy = new() { Expiration = TimeSpan.FromMinutes(5) };

    /// <summary>Threads that write, invalidate and read some keys; a read that begins after an invalidation has returned sees nothing older.</summary>
    [Theory, Trait("req", "C-04")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task No_read_yields_what_was_invalidated_before_it_began(int seed)
    {
        const int Keys = 4;
        const int Rounds = 100_000;
        using var cache = new Cache();
        var names = Enumerable.Range(0, Keys).Select(static i => $"k:{i}").ToArray();
        string[][] tags = [.. names.Select(static name => new[] { $"t:{name}" })];
        var (source, invalidated, turn) = (new int[Keys], new int[Keys], new Lock[Keys]);
        for (var i = 0; i < Keys; i++)
        {
            turn[i] = new Lock();
        }

        var writers = Enumerable.Range(0, 2).Select(writer => Task.Run(() => Write(new Random((seed * 10) + writer))));
        var readers = Enumerable.Range(0, 3).Select(reader => Task.Run(() => ReadAsync(new Random((seed * 100) + reader), waits: reader == 2)));
        await Task.WhenAll(writers.Concat(readers)).WaitAsync(Caches.Guard);

        void Write(Random random)
        {
            for (var round = 0; round < Rounds; round++)
            {
                var i = random.Next(Keys);
                lock (turn[i])
                {
                    var version = ++source[i];
                    var done = (round % 3) switch
                    {
                        0 => cache.RemoveAsync(names[i]),
                        1 => cache.RemoveByTagAsync(tags[i][0]),
                        _ => cache.SetAsync(names[i], version, Policy, tags[i]),
                    };
                    Assert.True(done.IsCompletedSuccessfully);
                    Volatile.Write(ref invalidated[i], version);
                }
            }
        }

        async Task ReadAsync(Random random, bool waits)
        {
            for (var round = 0; round < Rounds; round++)
            {
                var i = random.Next(Keys);
                var least = Volatile.Read(ref invalidated[i]);
                var value = await cache.GetOrCreateAsync(
                    names[i],
                    (source, i, waits),
                    static async (state, token) =>
                    {
                        var version = Volatile.Read(ref state.source[state.i]);
                        if (state.waits && version % 8 == 0)
                        {
                            await Task.Yield();
                        }

                        return version;
                    },
                    Policy,
                    tags[i]);
                Assert.True(value >= least, $"seed {seed}, round {round}: {names[i]} is {value}, and {least} was there before");
            }
        }
    }

    [Fact]
    public async Task Who_comes_while_it_runs_joins_and_the_source_runs_once()
    {
        using var cache = new Cache();
        using var entered = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        var runs = 0;
        var first = Task.Run(async () => await cache.GetOrCreateAsync("k", token =>
        {
            runs++;
            entered.Release();
            go.Wait(Caches.Guard, token);
            return ValueTask.FromResult("value");
        }, Policy, ["a"]));
        await entered.WaitAsync(Caches.Guard);
        var others = Enumerable.Range(0, 20).Select(_ => cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("other"), Policy, ["b"]).AsTask()).ToArray();
        go.Set();

        Assert.Equal("value", await first.WaitAsync(Caches.Guard));
        Assert.All(await Task.WhenAll(others).WaitAsync(Caches.Guard), static value => Assert.Equal("value", value));
        Assert.Equal(1, runs);
        Assert.Equal(20, cache.GetStatistics().Joins);
        await cache.RemoveByTagAsync("b"); // the tag of those who joined
        Assert.False(cache.TryGet<string>("k", out _));
    }

    /// <summary>Flights are used again: whoever holds one must never see what it brings afterwards.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Every_reader_gets_a_value_of_his_own_key(int seed)
    {
        const int Keys = 6;
        using var cache = new Cache();
        var names = Enumerable.Range(0, Keys).Select(static i => $"k:{i}").ToArray();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(reader => Task.Run(() => ReadAsync(new Random((seed * 10) + reader))))).WaitAsync(Caches.Guard);
        Assert.Equal(0, cache.GetStatistics().Flights);

        async Task ReadAsync(Random random)
        {
            for (var round = 0; round < 100_000; round++)
            {
                var i = random.Next(Keys);
                var next = cache.GetOrCreateAsync(names[i], (i, spins: random.Next(50)), static (state, _) =>
                {
                    Thread.SpinWait(state.spins); // others come meanwhile
                    return ValueTask.FromResult(state.i);
                }, Policy);
                if (random.Next(3) == 0)
                {
                    await cache.RemoveAsync(names[random.Next(Keys)]);
                }

                Assert.Equal(i, await next);
            }
        }
    }

    /// <summary>What a source leaves running is not inside the sources that run after it.</summary>
    [Fact]
    public async Task What_it_leaves_running_may_wait_for_any_later_flight()
    {
        using var cache = new Cache();
        for (var round = 0; round < 100; round++)
        {
            var (go, answer) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource<int>());
            Task<int>? left = null;
            await cache.GetOrCreateAsync($"first:{round}", _ =>
            {
                left = Task.Run(async () =>
                {
                    await go.Task;
                    return await cache.GetOrCreateAsync($"second:{round}", static _ => ValueTask.FromResult(-1), Policy);
                });
                return ValueTask.FromResult(0);
            }, Policy);
            var second = cache.GetOrCreateAsync($"second:{round}", _ => new ValueTask<int>(answer.Task), Policy).AsTask();
            go.SetResult();
            await Poll.UntilAsync(() => Task.FromResult(cache.GetStatistics().Joins == round + 1 ? null : "not joined"), "what was left running waits");
            answer.SetResult(round);

            Assert.Equal(round, await second);
            Assert.Equal(round, await left!.WaitAsync(Caches.Guard));
        }
    }

    [Fact]
    public async Task What_is_invalidated_while_it_runs_is_served_and_not_kept()
    {
        using var cache = new Cache();
        var value = await cache.GetOrCreateAsync("k", cache, static async (cache, token) =>
        {
            await cache.RemoveAsync("k", token); // at once, in this process
            return "one";
        }, Policy);

        Assert.Equal("one", value);
        Assert.False(cache.TryGet<string>("k", out _));
        Assert.Equal(0, cache.GetStatistics().Flights);
    }

    [Fact]
    public async Task Its_failure_goes_to_the_caller_and_leaves_nothing_behind()
    {
        using var cache = new Cache();
        await Assert.ThrowsAsync<IOException>(async () => await cache.GetOrCreateAsync<string>("k", static _ => throw new IOException(), Policy));
        await Assert.ThrowsAsync<IOException>(async () => await cache.GetOrCreateAsync("k", static _ => ValueTask.FromException<string>(new IOException()), Policy));

        Assert.Equal("value", await cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult("value"), Policy));
        var statistics = cache.GetStatistics();
        Assert.Equal((3, 3, 2, 0), (statistics.Misses, statistics.FactoryRuns, statistics.FactoryErrors, statistics.Flights));
    }

    [Fact]
    public async Task A_source_that_reads_its_own_key_fails_and_names_it()
    {
        using var cache = new Cache();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.GetOrCreateAsync(
            "a", cache, static (cache, token) => cache.GetOrCreateAsync(
                "b", cache, static (cache, token) => cache.GetOrCreateAsync("a", static _ => ValueTask.FromResult(1), Policy, cancellationToken: token), Policy, cancellationToken: token),
            Policy));

        Assert.Contains("'a'", error.Message, StringComparison.Ordinal);
        await Poll.UntilAsync(() => Task.FromResult(cache.GetStatistics().Flights == 0 ? null : "one is up"), "both flights have ended");
        Assert.Equal(2, await cache.GetOrCreateAsync("a", static _ => ValueTask.FromResult(2), Policy));
    }

    [Fact]
    public async Task A_caller_who_has_gone_already_runs_nothing()
    {
        using var cache = new Cache();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await cache.GetOrCreateAsync(
            "k", static _ => ValueTask.FromResult(1), Policy, cancellationToken: new CancellationToken(canceled: true)));

        Assert.Equal(0, cache.GetStatistics().FactoryRuns);
    }
}
