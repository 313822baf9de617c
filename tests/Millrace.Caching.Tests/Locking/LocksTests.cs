using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Locking;

/// <summary>What locks do, in memory and on every server: one suite.</summary>
[Trait("req", "C-21")]
public sealed class LocksTests(SharedServers servers)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Stores => SharedServers.Stores;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task One_holds_a_lock_and_each_next_one_has_a_larger_token(string store)
    {
        await using var nodes = await LockNodes.StartAsync(servers, store, 2);
        var last = 0L;
        for (var i = 0; i < 20; i++)
        {
            var held = await nodes[i % 2].TryAcquireAsync("a", Lease, Token);
            Assert.NotNull(held);
            Assert.True(held.IsHeld);
            Assert.True(held.FencingToken > last, $"{held.FencingToken} after {last}");
            last = held.FencingToken;
            Assert.Null(await nodes[0].TryAcquireAsync("a", Lease, Token));
            Assert.Null(await nodes[1].TryAcquireAsync("a", Lease, Token));
            Assert.True(await held.ReleaseAsync(Token));
            Assert.False(held.IsHeld);
            Assert.False(held.Lost.IsCancellationRequested);
        }
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Different_names_do_not_wait_for_each_other(string store)
    {
        await using var nodes = await LockNodes.StartAsync(servers, store, 1);
        await using var a = await nodes[0].AcquireAsync("a", Lease, TimeSpan.Zero, Token);
        await using var b = await nodes[0].AcquireAsync("b", Lease, TimeSpan.Zero, Token);
        Assert.True(a.IsHeld && b.IsHeld);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_release_is_the_holder_s_alone_and_counts_once(string store)
    {
        await using var nodes = await LockNodes.StartAsync(servers, store, 2);
        var first = await nodes[0].AcquireAsync("a", Lease, Wait, Token);
        Assert.True(await first.ReleaseAsync(Token));
        await using var second = await nodes[1].AcquireAsync("a", Lease, Wait, Token);

        Assert.False(await first.ReleaseAsync(Token));
        await first.DisposeAsync();
        Assert.True(second.IsHeld);
        Assert.Null(await nodes[0].TryAcquireAsync("a", Lease, Token));
    }

    /// <summary>The waiter's clock stands still, so it never asks by itself: only the message of the release can wake it.</summary>
    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_waiter_is_woken_by_the_release(string store)
    {
        var clock = new FakeClock();
        await using var nodes = await LockNodes.StartAsync(servers, store, 2, clock);
        for (var i = 0; i < 5; i++)
        {
            var held = await nodes[0].AcquireAsync("a", Lease, Wait, Token);
            var waiting = nodes[1].AcquireAsync("a", Lease, Wait, Token).AsTask();
            await clock.WaitForTimersAsync(3, Token); // its wait, its sleep, and the renewal of who holds
            Assert.False(waiting.IsCompleted);
            await held.ReleaseAsync(Token);

            await using var next = await waiting.WaitAsync(Caches.Guard, Token);
            Assert.True(next.FencingToken > held.FencingToken);
        }
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Waiters_of_one_process_are_served_in_the_order_in_which_they_came(string store)
    {
        await using var nodes = await LockNodes.StartAsync(servers, store, 1);
        var held = await nodes[0].AcquireAsync("a", Lease, Wait, Token);
        var served = new List<int>();
        var waiters = Enumerable.Range(0, 20).Select(i => WorkAsync(i)).ToList();
        await held.ReleaseAsync(Token);
        await Task.WhenAll(waiters).WaitAsync(Caches.Guard, Token);

        Assert.Equal(Enumerable.Range(0, 20), served);

        async Task WorkAsync(int number)
        {
            await using var mine = await nodes[0].AcquireAsync("a", Lease, Wait, Token);
            served.Add(number); // the lock guards the list
        }
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Who_waits_in_vain_is_told_and_lets_the_next_one_through(string store)
    {
        await using var nodes = await LockNodes.StartAsync(servers, store, 1);
        var held = await nodes[0].AcquireAsync("a", Lease, Wait, Token);
        using var cancellation = new CancellationTokenSource();
        var cancelled = nodes[0].AcquireAsync("a", Lease, Wait, cancellation.Token).AsTask();
        var late = nodes[0].AcquireAsync("a", Lease, TimeSpan.FromMilliseconds(50), Token).AsTask();
        var patient = nodes[0].AcquireAsync("a", Lease, Wait, Token).AsTask();

        var error = await Assert.ThrowsAsync<TimeoutException>(() => late);
        Assert.Contains("'a'", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TimeoutException>(async () => await nodes[0].AcquireAsync("a", Lease, TimeSpan.Zero, Token));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await held.ReleaseAsync(Token);
        await using var next = await patient.WaitAsync(Caches.Guard, Token);
        Assert.True(next.IsHeld);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_lock_is_renewed_as_long_as_it_is_held(string store)
    {
        await using var nodes = await LockNodes.StartAsync(servers, store, 2);
        var lease = TimeSpan.FromSeconds(3); // what a busy machine may stand still for
        await using var held = await nodes[0].AcquireAsync("a", lease, Wait, Token);
        var started = TimeProvider.System.GetTimestamp();
        await Poll.UntilAsync(
            async () =>
            {
                Assert.Null(await nodes[1].TryAcquireAsync("a", lease, Token));
                return TimeProvider.System.GetElapsedTime(started) > 2 * lease ? null : "it is too early";
            },
            "two leases have passed");

        Assert.True(held.IsHeld);
        Assert.False(held.Lost.IsCancellationRequested);
        Assert.True(await held.ReleaseAsync(Token));
    }

    /// <summary>Reading and writing a counter in two steps is right only while one does it at a time.</summary>
    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Never_are_two_inside_at_once(string store)
    {
        const int Seed = 42;
        await using var nodes = await LockNodes.StartAsync(servers, store, 3);
        var (count, inside, lastToken) = (0, 0, 0L);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async task =>
        {
            var random = new Random(Seed + task);
            for (var i = 0; i < 25; i++)
            {
                await using var held = await nodes[random.Next(3)].AcquireAsync("a", Lease, Wait, Token);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                Assert.True(held.FencingToken > lastToken);
                lastToken = held.FencingToken;
                var read = count;
                for (var turn = random.Next(4); turn > 0; turn--)
                {
                    await Task.Yield();
                }

                count = read + 1;
                Interlocked.Decrement(ref inside);
            }
        })).WaitAsync(TimeSpan.FromMinutes(2), Token);

        Assert.Equal(12 * 25, count);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Names_leases_and_waits_are_checked(string store)
    {
        await using var nodes = await LockNodes.StartAsync(servers, store, 1);
        await Assert.ThrowsAsync<ArgumentException>(async () => await nodes[0].TryAcquireAsync("a{b", Lease, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await nodes[0].TryAcquireAsync("a", TimeSpan.FromMilliseconds(99), Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await nodes[0].TryAcquireAsync("a", TimeSpan.FromDays(2), Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await nodes[0].AcquireAsync("a", Lease, TimeSpan.FromDays(2), Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await nodes[0].AcquireAsync("a", Lease, Timeout.InfiniteTimeSpan, Token));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Disposing_gives_back_what_is_held_and_refuses_who_waits(string store)
    {
        await using var nodes = await LockNodes.StartAsync(servers, store, 2);
        await nodes[0].AcquireAsync("mine", Lease, Wait, Token);
        await using var other = await nodes[1].AcquireAsync("other", Lease, Wait, Token);
        var waiting = nodes[0].AcquireAsync("other", Lease, Wait, Token).AsTask();
        await nodes[0].DisposeAsync();

        await using var free = await nodes[1].TryAcquireAsync("mine", Lease, Token);
        Assert.NotNull(free);
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => waiting.WaitAsync(Caches.Guard, Token));
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(async () => await nodes[0].TryAcquireAsync("a", Lease, Token));
    }
}
