using Millrace.Caching.Tests.Sharing;
using Millrace.Redis;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Locking;

/// <summary>Locks while their server stands still, forgets, or cuts connections.</summary>
[Trait("req", "C-21")]
public sealed class LockOutageTests : ServerTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(1);
    private readonly LogList _log = new();

    [Fact]
    public async Task A_lock_that_somebody_else_removed_is_lost_and_not_released_twice()
    {
        var client = await ConnectAsync();
        await using var locks = CacheLocks.InRedis(client, logger: _log);
        await using var held = await locks.AcquireAsync("a", TimeSpan.FromMilliseconds(300), Wait, Token);
        await Server.CommandAsync("DEL", "cache:!lock:{a}");
        await LostAsync(held);

        Assert.False(held.IsHeld);
        await using var next = await locks.AcquireAsync("a", Lease, Wait, Token);
        Assert.True(next.FencingToken > held.FencingToken);
        Assert.False(await held.ReleaseAsync(Token));
        Assert.True(next.IsHeld);
        Assert.Equal([1122], _log.Ids);
        Assert.Contains("'a'", _log.Texts[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_holder_whose_server_stands_still_is_told_before_the_server_could_give_the_lock_away()
    {
        var clock = new FakeClock();
        var client = await ConnectAsync();
        await using var locks = CacheLocks.InRedis(client, timeProvider: clock);
        await using var held = await locks.AcquireAsync("a", Lease, Wait, Token);
        await Server.PauseAsync();
        for (var second = 1; second < 30; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True(held.IsHeld);
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        await LostAsync(held);
        await Server.ResumeAsync();
    }

    [Fact]
    public async Task A_pause_shorter_than_the_lease_is_survived()
    {
        var client = await ConnectAsync();
        await using var locks = CacheLocks.InRedis(client);
        await using var held = await locks.AcquireAsync("a", Lease, Wait, Token);
        await Server.PauseAsync();
        await Server.ResumeAsync();
        await Server.CommandAsync("CLIENT", "KILL", "TYPE", "normal");

        Assert.True(await held.ReleaseAsync(Token));
    }

    /// <summary>A connection that the server has cut is noticed by the command that fails on it.</summary>
    [Fact]
    public async Task A_lock_is_given_back_over_a_connection_that_was_just_cut()
    {
        var client = await ConnectAsync();
        await using var locks = CacheLocks.InRedis(client);
        for (var round = 0; round < 50; round++)
        {
            await using var held = await locks.AcquireAsync($"{round}", Lease, Wait, Token);
            await Server.CommandAsync("CLIENT", "KILL", "TYPE", "normal");

            Assert.True(await held.ReleaseAsync(Token));
            Assert.Equal(0, (await Server.CommandAsync("EXISTS", $"cache:!lock:{{{round}}}")).Number);
        }
    }

    /// <summary>The server comes back without its data: what a restart without persistence and a failover to a replica that lagged have in common.</summary>
    [Fact]
    public async Task When_the_server_forgot_a_lock_its_holder_is_told_and_fencing_tokens_still_tell_old_from_new()
    {
        var client = await ConnectAsync();
        await using var locks = CacheLocks.InRedis(client, logger: _log);
        var store = new FencedStore();
        await using var old = await locks.AcquireAsync("a", TimeSpan.FromSeconds(1), Wait, Token);
        Assert.True(store.Write(old.FencingToken, "from the first"));
        await Server.RestartAsync();

        await using var next = await locks.AcquireAsync("a", Lease, Wait, Token); // the server knows of no holder
        Assert.True(next.FencingToken > old.FencingToken);
        Assert.True(store.Write(next.FencingToken, "from the second"));
        Assert.False(store.Write(old.FencingToken, "too late"));
        await LostAsync(old);
        Assert.Equal("from the second", store.Value);
        Assert.True(next.IsHeld);
    }

    [Fact]
    public async Task Tokens_grow_also_when_the_clock_was_set_back()
    {
        var client = await ConnectAsync();
        await using var locks = CacheLocks.InRedis(client);
        var future = TimeProvider.System.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds() * 1000;
        await client.SetAsync("cache:!lock:{a}:token", future, Token);

        for (var i = 1; i <= 3; i++)
        {
            await using var held = await locks.AcquireAsync("a", Lease, Wait, Token);
            Assert.Equal(future + i, held.FencingToken);
        }
    }

    [Fact]
    public async Task A_crashed_holder_s_lock_goes_to_the_waiter_when_the_lease_ends()
    {
        var (crashing, client) = (await ConnectAsync(), await ConnectAsync());
        await using var first = CacheLocks.InRedis(crashing);
        await using var second = CacheLocks.InRedis(client);
        var lost = await first.AcquireAsync("a", TimeSpan.FromSeconds(1), Wait, Token);
        var started = TimeProvider.System.GetTimestamp();
        await crashing.DisposeAsync();
        await using var held = await second.AcquireAsync("a", Lease, Wait, Token);

        Assert.True(held.FencingToken > lost.FencingToken);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(20)); // one lease, and the machine may be busy
    }

    [Fact]
    public async Task What_was_given_up_while_it_was_asked_for_is_given_back()
    {
        var client = await ConnectAsync();
        await using var locks = CacheLocks.InRedis(client);
        await (await locks.AcquireAsync("warm", Lease, Wait, Token)).DisposeAsync();
        await Server.PauseAsync();
        using var cancellation = new CancellationTokenSource();
        var one = locks.TryAcquireAsync("a", TimeSpan.FromDays(1), cancellation.Token).AsTask();
        var other = locks.AcquireAsync("b", TimeSpan.FromDays(1), Wait, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
        await Server.ResumeAsync();

        foreach (var name in new[] { "a", "b" })
        {
            await using var held = await locks.AcquireAsync(name, Lease, Wait, Token); // long before the day is over
            Assert.True(held.IsHeld);
        }
    }

    [Fact]
    public async Task A_waiter_waits_out_an_outage()
    {
        var client = await ConnectAsync(TimeSpan.FromMilliseconds(300));
        await using var locks = CacheLocks.InRedis(client, logger: _log);
        await Server.KillAsync();
        var waiting = locks.AcquireAsync("a", Lease, Wait, Token).AsTask();
        await Assert.ThrowsAnyAsync<RedisException>(async () => await locks.TryAcquireAsync("a", Lease, Token));
        var error = await Assert.ThrowsAsync<TimeoutException>(async () => await locks.AcquireAsync("b", Lease, TimeSpan.FromSeconds(1), Token));
        Assert.IsAssignableFrom<RedisException>(error.InnerException);
        await Server.RestartAsync();

        await using var held = await waiting.WaitAsync(Wait, Token);
        Assert.True(held.IsHeld);
    }

    [Fact]
    public async Task A_waiter_that_no_message_reaches_asks_again_by_itself()
    {
        await Server.CommandAsync("ACL", "SETUSER", "quiet", "on", "nopass", "~*", "+@all", "resetchannels");
        var options = RedisOptions.Parse($"redis://quiet:any@{Server.Address}");
        options.CommandTimeout = TimeSpan.FromSeconds(30);
        await using var client = await RedisClient.ConnectAsync(options, Token);
        await using var locks = CacheLocks.InRedis(client, logger: _log);
        var held = await locks.AcquireAsync("a", Lease, Wait, Token);
        var waiting = locks.AcquireAsync("a", Lease, Wait, Token).AsTask();
        await Poll.UntilAsync(() => Task.FromResult(_log.Ids.Contains(1123) ? null : "nothing was logged"), "the loss of the channel is told");
        Assert.True(await held.ReleaseAsync(Token)); // who may not publish gives back nevertheless

        await using var next = await waiting.WaitAsync(Wait, Token);
        Assert.True(next.IsHeld);
        Assert.Single(_log.Ids, 1123); // once per outage, not once per attempt
    }

    private static async Task LostAsync(CacheLock held)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = held.Lost.Register(() => signal.TrySetResult());
        await signal.Task.WaitAsync(Caches.Guard, Token);
    }

    /// <summary>A place that is written to by holders, and checks their tokens.</summary>
    private sealed class FencedStore
    {
        private long _seen;

        public string? Value { get; private set; }

        public bool Write(long token, string value)
        {
            if (token < _seen)
            {
                return false;
            }

            (_seen, Value) = (token, value);
            return true;
        }
    }
}
