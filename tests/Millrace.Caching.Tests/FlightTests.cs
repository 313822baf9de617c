using Microsoft.Extensions.Caching.Hybrid;

namespace Millrace.Caching.Tests;

public sealed class FlightTests
{
    [Theory, Trait("req", "C-03")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_thousand_callers_make_one_run(bool mutable)
    {
        using var cache = Caches.With();
        var gate = Signal();
        var runs = 0;
        var policy = CachePolicies.Short with { Immutable = !mutable };
        var callers = Enumerable.Range(0, 1000).Select(_ => Task.Run(async () => await cache.GetOrCreateAsync(
            "k",
            async _ =>
            {
                Interlocked.Increment(ref runs);
                await gate.Task;
                return new List<int> { 1, 2, 3 };
            },
            policy))).ToArray();
        await WaitUntil(() => cache.GetStatistics().Joins == 999);
        gate.SetResult();
        var values = await Task.WhenAll(callers).WaitAsync(Caches.Guard);
        Assert.Equal(1, runs);
        Assert.All(values, value => Assert.Equal([1, 2, 3], value));
        Assert.Equal(mutable ? 1000 : 1, values.Distinct(ReferenceEqualityComparer.Instance).Count());
        var statistics = cache.GetStatistics();
        Assert.Equal((1000, 0, 1, 0), (statistics.Misses, statistics.Hits, statistics.FactoryRuns, statistics.Flights));
    }

    [Fact, Trait("req", "C-03")]
    public async Task However_callers_race_for_a_key_its_factory_runs_once()
    {
        const int KeysToRaceFor = 20_000;
        using var cache = Caches.With();
        var runs = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < KeysToRaceFor; i++)
            {
                await cache.GetOrCreateAsync($"k:{i}", _ => ValueTask.FromResult(Interlocked.Increment(ref runs)), CachePolicies.Daily);
            }
        }))).WaitAsync(Caches.Guard);
        Assert.Equal(KeysToRaceFor, runs);
    }

    [Fact, Trait("req", "C-03")]
    public async Task A_waiter_can_leave_and_the_others_get_the_value()
    {
        using var cache = Caches.With();
        var gate = Signal();
        using var leaving = new CancellationTokenSource();
        var factoryToken = CancellationToken.None;
        ValueTask<string> Factory(CancellationToken token) => Wait(token);
        async ValueTask<string> Wait(CancellationToken token)
        {
            factoryToken = token;
            await gate.Task;
            return "v";
        }

        var starter = cache.GetOrCreateAsync("k", Factory, CachePolicies.Short, cancellationToken: leaving.Token).AsTask();
        var waiter = cache.GetOrCreateAsync("k", Factory, CachePolicies.Short).AsTask();
        await leaving.CancelAsync();
        var canceled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starter.WaitAsync(Caches.Guard));
        Assert.Equal(leaving.Token, canceled.CancellationToken);
        Assert.False(factoryToken.IsCancellationRequested);
        gate.SetResult();
        Assert.Equal("v", await waiter.WaitAsync(Caches.Guard));
        Assert.True(cache.TryGet<string>("k", out _));
    }

    [Fact, Trait("req", "C-03")]
    public async Task The_factory_is_cancelled_when_every_waiter_has_gone()
    {
        using var cache = Caches.With();
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var cancelled = Signal();
        async ValueTask<string> Factory(CancellationToken token)
        {
            await using var registration = token.Register(cancelled.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return "never";
        }

        var one = cache.GetOrCreateAsync("k", Factory, CachePolicies.Short, cancellationToken: first.Token).AsTask();
        var two = cache.GetOrCreateAsync("k", Factory, CachePolicies.Short, cancellationToken: second.Token).AsTask();
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        Assert.False(cancelled.Task.IsCompleted);
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
        await cancelled.Task.WaitAsync(Caches.Guard);
        Assert.Equal("fresh", await cache.Read("k", "fresh"));
        await WaitUntil(() => cache.GetStatistics().Flights == 0);
    }

    [Fact, Trait("req", "C-04")]
    public async Task A_flight_that_everybody_left_stores_nothing_though_its_factory_goes_on()
    {
        using var cache = Caches.With();
        using var leaving = new CancellationTokenSource();
        var gate = Signal();
        var read = cache.GetOrCreateAsync("k", async _ => { await gate.Task; return "old"; }, CachePolicies.Short, cancellationToken: leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        gate.SetResult();
        await WaitUntil(() => cache.GetStatistics().Flights == 0);
        Assert.False(cache.TryGet<string>("k", out _));
    }

    [Fact, Trait("req", "C-03")]
    public async Task A_factory_that_throws_fails_all_who_wait_and_nothing_is_kept()
    {
        using var cache = Caches.With();
        var gate = Signal();
        async ValueTask<string> Factory(CancellationToken token)
        {
            await gate.Task;
            throw new TimeoutException("source");
        }

        var callers = Enumerable.Range(0, 10).Select(_ => cache.GetOrCreateAsync("k", Factory, CachePolicies.Short).AsTask()).ToArray();
        gate.SetResult();
        foreach (var caller in callers)
        {
            Assert.Equal("source", (await Assert.ThrowsAsync<TimeoutException>(() => caller)).Message);
        }

        Assert.Equal("v", await cache.Read("k", "v"));
        var statistics = cache.GetStatistics();
        Assert.Equal((2, 1), (statistics.FactoryRuns, statistics.FactoryErrors));
    }

    [Fact]
    public async Task A_factory_that_throws_before_its_first_await_fails_the_same_way()
    {
        using var cache = Caches.With();
        await Assert.ThrowsAsync<TimeoutException>(
            async () => await cache.GetOrCreateAsync<string>("k", _ => throw new TimeoutException(), CachePolicies.Short));
        Assert.Equal("v", await cache.Read("k", "v"));
    }

    [Fact]
    public async Task A_factory_may_read_other_keys()
    {
        using var cache = Caches.With();
        var value = await cache.GetOrCreateAsync("outer", async _ => await cache.Read("inner", "i") + "o", CachePolicies.Short);
        Assert.Equal("io", value);
    }

    [Fact]
    public async Task A_factory_that_reads_its_own_key_gets_an_error_instead_of_waiting_for_itself()
    {
        using var cache = Caches.With();
        async ValueTask<string> Recursive(CancellationToken token)
        {
            await Task.Yield();
            return await cache.GetOrCreateAsync("k", Recursive, CachePolicies.Short, cancellationToken: token);
        }

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => cache.GetOrCreateAsync("k", Recursive, CachePolicies.Short).AsTask().WaitAsync(Caches.Guard));
        Assert.Contains("'k'", error.Message, StringComparison.Ordinal);
        Assert.Equal("v", await cache.Read("k", "v"));
    }

    [Fact]
    public async Task Two_factories_that_wait_for_each_other_get_an_error()
    {
        using var cache = Caches.With();
        var bothRun = Signal();
        var running = 0;
        async ValueTask<string> Factory(string other)
        {
            if (Interlocked.Increment(ref running) == 2)
            {
                bothRun.SetResult();
            }

            await bothRun.Task;
            return await cache.GetOrCreateAsync(other, static _ => ValueTask.FromResult("not reached"), CachePolicies.Short);
        }

        var a = cache.GetOrCreateAsync("a", _ => Factory("b"), CachePolicies.Short).AsTask();
        var b = cache.GetOrCreateAsync("b", _ => Factory("a"), CachePolicies.Short).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(() => a.WaitAsync(Caches.Guard));
        await Assert.ThrowsAsync<InvalidOperationException>(() => b.WaitAsync(Caches.Guard));
    }

    [Fact]
    public async Task Joining_a_flight_of_another_type_is_an_error()
    {
        using var cache = Caches.With();
        var gate = Signal();
        var text = cache.GetOrCreateAsync("k", async _ => { await gate.Task; return "text"; }, CachePolicies.Short).AsTask();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.Read("k", 1));
        Assert.Contains("System.Int32", error.Message, StringComparison.Ordinal);
        gate.SetResult();
        Assert.Equal("text", await text.WaitAsync(Caches.Guard));
    }

    [Fact]
    public async Task A_read_that_is_cancelled_before_it_begins_runs_no_factory()
    {
        using var cache = Caches.With();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await cache.GetOrCreateAsync<string>(
            "k", _ => throw new InvalidOperationException("ran"), CachePolicies.Short, cancellationToken: new CancellationToken(canceled: true)));
        Assert.Equal(0, cache.GetStatistics().FactoryRuns);
    }

    [Fact]
    public async Task A_flight_belongs_to_all_who_joined_it_with_their_tags()
    {
        using var cache = Caches.With();
        var gate = Signal();
        async ValueTask<string> Factory(CancellationToken token)
        {
            await gate.Task;
            return "v";
        }

        var one = cache.GetOrCreateAsync("k", Factory, CachePolicies.Short, ["a"]).AsTask();
        var two = cache.GetOrCreateAsync("k", Factory, CachePolicies.Short, ["b"]).AsTask();
        gate.SetResult();
        await Task.WhenAll(one, two).WaitAsync(Caches.Guard);
        Assert.True(cache.TryGet<string>("k", out _));
        await cache.RemoveByTagAsync("b");
        Assert.False(cache.TryGet<string>("k", out _));
    }

    [Fact, Trait("req", "C-04")]
    public async Task A_slow_read_does_not_replace_what_a_later_read_brought()
    {
        using var cache = Caches.With();
        var gate = Signal();
        var refresh = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCacheRead };
        var slow = cache.GetOrCreateAsync("k", async _ => { await gate.Task; return "older"; }, CachePolicies.Short).AsTask();
        Assert.Equal("newer", await cache.GetOrCreateAsync("k", _ => ValueTask.FromResult("newer"), refresh));
        gate.SetResult();
        Assert.Equal("newer", await slow.WaitAsync(Caches.Guard)); // not even to those who waited for it
        Assert.Equal("newer", await cache.Read("k", "factory"));
    }

    [Fact, Trait("req", "C-04")]
    public async Task A_value_is_not_served_before_an_older_one_that_a_later_read_is_about_to_bring()
    {
        using var cache = Caches.With();
        var (source, first, second) = (1, Signal(), Signal());
        var slow = cache.GetOrCreateAsync("k", async _ => { await first.Task; return Volatile.Read(ref source); }, CachePolicies.Short).AsTask();
        await cache.RemoveAsync("k");
        var later = cache.GetOrCreateAsync("k", async _ => { var read = Volatile.Read(ref source); await second.Task; return read; }, CachePolicies.Short).AsTask();

        Volatile.Write(ref source, 2);
        first.SetResult(); // the first flight has the newer value, and may not store it
        await WaitUntil(() => cache.GetStatistics().Joins == 1);
        second.SetResult();

        Assert.Equal((1, 1), (await slow.WaitAsync(Caches.Guard), await later.WaitAsync(Caches.Guard)));
        Assert.Equal(1, await cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult(2), CachePolicies.Short)); // until it is invalidated again
    }

    [Theory, Trait("req", "C-04")]
    [InlineData(HybridCacheEntryFlags.DisableLocalCache)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCacheRead)]
    public async Task Nobody_joins_a_read_that_began_before_one_past_the_copy_was_served(HybridCacheEntryFlags past)
    {
        using var cache = Caches.With();
        var slow = Signal();
        var older = cache.GetOrCreateAsync("k", async _ => { await slow.Task; return 1; }, CachePolicies.Short).AsTask();
        var newer = await cache.GetOrCreateAsync("k", 2, static (two, _) => ValueTask.FromResult(two), new HybridCacheEntryOptions { Flags = past });

        var next = cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult(2), CachePolicies.Short).AsTask();
        slow.SetResult();

        Assert.Equal((2, 2), (newer, await next.WaitAsync(Caches.Guard)));
        await older.WaitAsync(Caches.Guard);
        Assert.Equal(2, await cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult(2), CachePolicies.Short));
    }

    [Fact, Trait("req", "C-04")]
    public async Task A_read_that_is_overtaken_again_and_again_is_served_and_what_overtook_it_is_not_served_after_it()
    {
        using var cache = Caches.With();
        var source = 0;
        var gates = Enumerable.Range(0, 5).Select(static _ => Signal()).ToArray();
        var reads = new List<Task<int>> { Read(0) };
        for (var i = 1; i < gates.Length; i++)
        {
            await cache.RemoveAsync("k");
            reads.Add(Read(i));
            Volatile.Write(ref source, i);
            gates[i - 1].SetResult();
            var joined = i * (i + 1) / 2; // all who were there before read again, until the first has done so often enough
            await WaitUntil(() => reads[0].IsCompleted || cache.GetStatistics().Joins == joined);
        }

        Assert.Equal(4, await reads[0].WaitAsync(Caches.Guard));
        Assert.InRange(await cache.GetOrCreateAsync("k", static _ => ValueTask.FromResult(5), CachePolicies.Short).AsTask().WaitAsync(Caches.Guard), 4, 5);
        gates[4].SetResult();
        Assert.All(await Task.WhenAll(reads.Skip(1)).WaitAsync(Caches.Guard), static value => Assert.InRange(value, 4, 5)); // 3 was read before 4 was served

        Task<int> Read(int i) => cache.GetOrCreateAsync(
            "k",
            async _ =>
            {
                var before = Volatile.Read(ref source);
                await gates[i].Task;
                return i == 4 ? before : Volatile.Read(ref source); // the last one is slow after it has read
            },
            CachePolicies.Short).AsTask();
    }

    internal static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal static async Task WaitUntil(Func<bool> condition)
    {
        using var guard = new CancellationTokenSource(Caches.Guard);
        while (!condition())
        {
            guard.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
