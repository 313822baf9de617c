using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Locking;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Locking;

/// <summary>What only a clock that stands still can show.</summary>
[Trait("req", "C-21")]
public sealed class MemoryLocksTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lock_that_nobody_renews_ends_with_its_lease_and_its_holder_is_told_then()
    {
        var clock = new FakeClock();
        var store = new MemoryLockStore(clock);
        await using var locks = new CacheLocks(new Deaf(store), clock, NullLogger.Instance);
        await using var others = new CacheLocks(store, clock, NullLogger.Instance);
        var held = await locks.AcquireAsync("a", Lease, TimeSpan.Zero, Token);
        clock.Advance(Lease - TimeSpan.FromTicks(1));
        Assert.True(held.IsHeld);
        Assert.Null(await others.TryAcquireAsync("a", Lease, Token));
        clock.Advance(TimeSpan.FromTicks(1));

        Assert.False(held.IsHeld);
        Assert.True(await IsCancelledAsync(held.Lost));
        var next = await others.TryAcquireAsync("a", Lease, Token);
        Assert.True(next!.FencingToken > held.FencingToken);
        Assert.False(await held.ReleaseAsync(Token));
        Assert.True(next.IsHeld);
    }

    [Fact]
    public async Task One_timer_renews_all_locks_each_in_its_own_time()
    {
        var clock = new FakeClock();
        await using var locks = CacheLocks.InMemory(clock);
        var held = new List<CacheLock>();
        for (var i = 1; i <= 50; i++)
        {
            held.Add(await locks.AcquireAsync($"lock{i}", TimeSpan.FromSeconds(i), TimeSpan.Zero, Token));
        }

        Assert.Equal(1, clock.ArmedTimers);
        for (var i = 0; i < 600; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(300));
            Assert.All(held, static one => Assert.True(one.IsHeld));
        }

        Assert.Equal(1, clock.ArmedTimers);
    }

    [Fact]
    public async Task A_waiter_asks_again_when_the_holder_s_lease_is_over()
    {
        var clock = new FakeClock();
        var store = new MemoryLockStore(clock);
        var crashed = await store.AcquireAsync("a", "somebody", TimeSpan.FromSeconds(5), isWaiting: false, Token);
        await using var locks = new CacheLocks(store, clock, NullLogger.Instance);
        var waiting = locks.AcquireAsync("a", Lease, TimeSpan.FromMinutes(1), Token).AsTask();
        for (var i = 0; i < 6 && !waiting.IsCompleted; i++)
        {
            await Task.WhenAny(waiting, clock.WaitForTimersAsync(2, Token));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True((await waiting.WaitAsync(Caches.Guard, Token)).FencingToken > crashed.Token);
    }

    [Fact]
    public async Task A_process_holds_and_waits_for_a_bounded_number()
    {
        await using var locks = CacheLocks.InMemory(new FakeClock());
        for (var i = 0; i < CacheLocks.MaximumHeld; i++)
        {
            Assert.NotNull(await locks.TryAcquireAsync($"lock{i}", Lease, Token));
        }

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await locks.TryAcquireAsync("more", Lease, Token));
        Assert.Contains("10000 locks", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_line_refuses_and_leaves_no_trace()
    {
        var line = new WaitingLine(2);
        var first = await line.EnterAsync("a", Token);
        using var cancellation = new CancellationTokenSource();
        var second = line.EnterAsync("a", cancellation.Token).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await line.EnterAsync("b", Token));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        first.Dispose();
        first.Dispose();

        using var again = await line.EnterAsync("a", Token);
        using var other = await line.EnterAsync("b", Token);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await line.EnterAsync("c", Token));
    }

    /// <summary>Callbacks of tokens run elsewhere.</summary>
    private static async Task<bool> IsCancelledAsync(CancellationToken lost)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lost.Register(signal.SetResult);
        await signal.Task.WaitAsync(Caches.Guard, Token);
        return lost.IsCancellationRequested;
    }

    /// <summary>A store whose renewals are lost on the way.</summary>
    private sealed class Deaf(MemoryLockStore store) : LockStore
    {
        public override ValueTask<LockAnswer> AcquireAsync(string name, string owner, TimeSpan lease, bool isWaiting, CancellationToken cancellationToken) =>
            store.AcquireAsync(name, owner, lease, isWaiting, cancellationToken);

        public override ValueTask<bool> RenewAsync(string name, string owner, TimeSpan lease, CancellationToken cancellationToken) =>
            ValueTask.FromException<bool>(new Redis.RedisConnectionException("lost on the way"));

        public override ValueTask<bool> ReleaseAsync(string name, string owner, CancellationToken cancellationToken) =>
            store.ReleaseAsync(name, owner, cancellationToken);

        public override ValueTask ListenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
