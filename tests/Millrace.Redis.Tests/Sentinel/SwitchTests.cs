using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sentinel;

/// <summary>What becomes of commands when the primary changes, step by step, with servers that do what the test says.</summary>
public sealed class SwitchTests
{
    private const int Limit = 120_000;

    [Fact(Timeout = Limit)]
    public async Task What_was_sent_to_the_former_primary_fails_and_what_waited_goes_to_the_new_one()
    {
        await using var former = FakeRedis.Start(static (_, command) => FakeConnection.Is(command, "SET") ? FakeReply.Stall : null);
        await using var next = FakeRedis.Start();
        await using var sentinel = new FakeSentinel(former);
        var options = sentinel.Options();
        options.MaximumInFlight = 1;
        await using var client = await RedisClient.ConnectAsync(options);
        var sent = client.SetAsync("sent", "1").AsTask();
        await former.WaitForCommandAsync("SET");
        var waiting = client.SetAsync("waiting", "2").AsTask();

        await sentinel.SwitchToAsync(next);

        var failure = await Assert.ThrowsAsync<RedisConnectionException>(() => sent);
        Assert.Equal(RedisDelivery.MayHaveRun, failure.Delivery);
        Assert.Equal(former.Address, failure.Server);
        Assert.True(await waiting);
        Assert.Equal(["0 waiting"], next.Values.Keys);
        await Task.WhenAll(former.Connections.Select(static connection => connection.Closed));
        Assert.True(await client.SetAsync("after", "3"));
        Assert.Equal("3", next.Values["0 after"]);
        Assert.Single(former.Connections.SelectMany(static connection => connection.Commands), static command => FakeConnection.Is(command, "SET"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_switch_of_which_nobody_tells_is_found_by_asking_every_ten_seconds()
    {
        await using var former = FakeRedis.Start();
        await using var next = FakeRedis.Start();
        await using var sentinel = new FakeSentinel(former);
        await using var client = await RedisClient.ConnectAsync(sentinel.Options());

        // It was asked at the start, when the connection to the primary was new, and when somebody began to listen.
        await sentinel.Server.WaitUntilAsync(() => sentinel.Server.Connections.Count(HasAskedAll) >= 3, "the questions of the start are answered");
        sentinel.Primary = next;
        await next.WaitForConnectionAsync(1, TimeSpan.FromSeconds(60));
        await Task.WhenAll(former.Connections.Select(static connection => connection.Closed));

        Assert.True(await client.SetAsync("key", "value"));
        Assert.Equal("value", next.Values["0 key"]);
    }

    private static bool HasAskedAll(FakeConnection connection) => connection.Commands.Any(static command => command is ["SENTINEL", "SENTINELS", ..]);

    [Fact(Timeout = Limit)]
    public async Task A_promotion_is_followed_before_the_failover_ends()
    {
        await using var former = FakeRedis.Start();
        await using var next = FakeRedis.Start();
        await using var sentinel = new FakeSentinel(former);
        await using var client = await RedisClient.ConnectAsync(sentinel.Options());

        await sentinel.PromoteAsync(next);
        await Task.WhenAll(former.Connections.Select(static connection => connection.Closed));

        Assert.True(await client.SetAsync("key", "value"));
        Assert.Equal("value", next.Values["0 key"]);
    }

    [Fact(Timeout = Limit)]
    public async Task A_read_that_may_be_repeated_goes_to_the_new_primary()
    {
        await using var former = FakeRedis.Start(static (_, command) => FakeConnection.Is(command, "GET") ? FakeReply.Stall : null);
        await using var next = FakeRedis.Start();
        next.Values["0 key"] = "value";
        await using var sentinel = new FakeSentinel(former);
        var options = sentinel.Options();
        options.RetryReads = true;
        await using var client = await RedisClient.ConnectAsync(options);
        var read = client.GetStringAsync("key").AsTask();
        await former.WaitForCommandAsync("GET");

        await sentinel.SwitchToAsync(next);

        Assert.Equal("value", await read);
    }

    [Theory(Timeout = Limit)]
    [InlineData("READONLY You can't write against a read only replica.")]
    [InlineData("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")]
    public async Task What_a_demoted_primary_refused_runs_once_on_the_new_one(string refusal)
    {
        await using var next = FakeRedis.Start();
        await using var former = FakeRedis.Start();
        await using var sentinel = new FakeSentinel(former);
        former.Handler = (_, command) =>
        {
            if (!FakeConnection.Is(command, "INCR"))
            {
                return null;
            }

            former.Role = "replica";
            sentinel.Primary = next; // nobody is told
            return FakeReply.Error(refusal);
        };
        await using var client = await RedisClient.ConnectAsync(sentinel.Options());

        Assert.Equal(1, await client.IncrAsync("counter"));

        Assert.Equal("1", next.Values["0 counter"]);
    }

    [Fact(Timeout = Limit)]
    public async Task A_command_that_a_loading_primary_refuses_is_sent_again_until_it_has_loaded()
    {
        var refusals = 3;
        await using var primary = FakeRedis.Start((_, command) => FakeConnection.Is(command, "SET") && Interlocked.Decrement(ref refusals) >= 0 ? FakeReply.Loading : null);
        await using var sentinel = new FakeSentinel(primary);
        await using var client = await RedisClient.ConnectAsync(sentinel.Options());

        Assert.True(await client.SetAsync("key", "value"));

        Assert.Equal("value", primary.Values["0 key"]);
    }

    [Fact(Timeout = Limit)]
    public async Task A_refusal_that_does_not_end_reaches_the_caller()
    {
        await using var primary = FakeRedis.Start(static (_, command) => FakeConnection.Is(command, "SET") ? FakeReply.Error("READONLY for ever") : null);
        await using var sentinel = new FakeSentinel(primary);
        await using var client = await RedisClient.ConnectAsync(sentinel.Options());

        var refusal = await Assert.ThrowsAsync<RedisServerException>(async () => await client.SetAsync("key", "value"));

        Assert.Equal("READONLY", refusal.Code);
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_that_says_it_is_a_replica_is_sent_nothing()
    {
        await using var replica = FakeRedis.Start();
        await using var primary = FakeRedis.Start();
        replica.Role = "replica";
        await using var sentinel = new FakeSentinel(replica);
        var options = sentinel.Options();
        options.ConnectTimeout = TimeSpan.FromSeconds(60);
        var connecting = RedisClient.ConnectAsync(options).AsTask();
        await replica.WaitForConnectionAsync(2); // asked, and asked again

        sentinel.Primary = primary;
        await using var client = await connecting;
        await client.SetAsync("key", "value");

        Assert.Equal("value", primary.Values["0 key"]);
        Assert.DoesNotContain(replica.Connections.SelectMany(static connection => connection.Commands), static command => !FakeConnection.Is(command, "HELLO") && !FakeConnection.Is(command, "CLIENT"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_Sentinel_that_knows_an_older_configuration_is_not_followed()
    {
        await using var former = FakeRedis.Start();
        await using var primary = FakeRedis.Start();
        await using var knowing = new FakeSentinel(primary) { Epoch = 7 };
        await using var behind = new FakeSentinel(former) { Epoch = 6 };
        var options = knowing.Options();
        options.Endpoints.Add(behind.Endpoint);
        await using var client = await RedisClient.ConnectAsync(options);
        await knowing.DieAsync();

        await primary.CloseAllConnectionsAsync(); // it is looked for anew, and only one Sentinel is left to ask
        await behind.Server.WaitForCommandAsync("SENTINEL");
        await client.SetAsync("key", "value");

        Assert.Equal("value", primary.Values["0 key"]);
        Assert.Empty(former.Values);
    }

    [Fact(Timeout = Limit)]
    public async Task When_the_Sentinel_that_is_listened_to_dies_another_that_it_named_is()
    {
        await using var former = FakeRedis.Start();
        await using var next = FakeRedis.Start();
        await using var first = new FakeSentinel(former);
        await using var second = new FakeSentinel(former);
        first.Others.Add(second.Server.Port);
        await using var client = await RedisClient.ConnectAsync(first.Options());
        await first.Server.WaitForCommandAsync("SUBSCRIBE");

        await first.DieAsync();
        await second.SwitchToAsync(next);
        await next.WaitForCommandAsync("HELLO");

        await Task.WhenAll(former.Connections.Select(static connection => connection.Closed));
        Assert.True(await client.SetAsync("key", "value"));
        Assert.Equal("value", next.Values["0 key"]);
    }

    [Fact(Timeout = Limit)]
    public async Task Commands_wait_no_longer_than_their_time_out_while_there_is_no_primary()
    {
        await using var replica = FakeRedis.Start();
        replica.Role = "replica";
        await using var sentinel = new FakeSentinel(replica);
        var options = sentinel.Options();
        options.AbortOnConnectFailure = false;
        options.ConnectTimeout = TimeSpan.FromMilliseconds(200);
        options.CommandTimeout = TimeSpan.FromMilliseconds(300);
        await using var client = await RedisClient.ConnectAsync(options);

        var late = await Assert.ThrowsAsync<RedisTimeoutException>(async () => await client.SetAsync("key", "value"));

        Assert.False(client.IsConnected);
        Assert.Equal(RedisDelivery.NotSent, late.Delivery);
        Assert.Contains("is a replica", late.Message, StringComparison.Ordinal);
    }
}
