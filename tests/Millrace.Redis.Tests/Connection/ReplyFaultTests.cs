using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Connection;

/// <summary>What a server may do wrong with its replies, and what becomes of the commands and of the connection.</summary>
public sealed class ReplyFaultTests
{
    [Fact(Timeout = TestOptions.Limit)]
    public async Task Replies_are_understood_wherever_they_are_split()
    {
        await using var fake = FakeRedis.Start();
        fake.SplitsBytes = true;
        await using var client = await TestOptions.ConnectAsync(fake.Address);

        await client.SetAsync("text", "a\r\nb");
        var pending = Enumerable.Range(0, 20).Select(_ => (client.GetStringAsync("text").AsTask(), client.IncrAsync("n").AsTask(), client.GetAsync("none").AsTask())).ToList();

        for (var i = 0; i < pending.Count; i++)
        {
            Assert.Equal(("a\r\nb", i + 1L), (await pending[i].Item1, await pending[i].Item2));
            Assert.Null(await pending[i].Item3);
        }
    }

    [Theory(Timeout = TestOptions.Limit)]
    [InlineData(1)]
    [InlineData(97)]
    [InlineData(65_536)]
    [InlineData(200_000)]
    public async Task Pushes_between_replies_take_no_commands_reply(int length)
    {
        var push = FakeReply.Push(FakeReply.Bulk("invalidate"), FakeReply.Array(FakeReply.Bulk(new string('k', length))));
        await using var fake = FakeRedis.Start((connection, command) =>
            FakeConnection.Is(command, "GET") ? push.Then(FakeReply.Bulk(command[1])).Then(push) : null);
        await using var client = await TestOptions.ConnectAsync(fake.Address);

        var pending = Enumerable.Range(0, 50).Select(i => client.GetStringAsync($"key:{i}").AsTask()).ToList();

        Assert.Equal(Enumerable.Range(0, 50).Select(static i => $"key:{i}"), await Task.WhenAll(pending));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_command_without_a_reply_times_out_and_its_late_reply_reaches_nobody()
    {
        var release = new TaskCompletionSource();
        await using var fake = FakeRedis.Start((_, command) =>
            FakeConnection.Is(command, "GET") ? FakeReply.Bulk($"value of {command[1]}").After(command[1] == "late" ? release.Task : Task.CompletedTask) : null);
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.CommandTimeout = TimeSpan.FromMilliseconds(500));
        var started = TimeProvider.System.GetTimestamp();

        var late = await Assert.ThrowsAsync<RedisTimeoutException>(async () => await client.GetAsync("late"));

        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(20));
        Assert.Equal((fake.Address, "GET", RedisDelivery.MayHaveRun), (late.Server, late.Command, late.Delivery));
        var next = Enumerable.Range(0, 20).Select(i => client.GetStringAsync($"{i}").AsTask()).ToList();
        release.SetResult();
        Assert.Equal(Enumerable.Range(0, 20).Select(static i => $"value of {i}"), await Task.WhenAll(next));
        Assert.Single(fake.Connections);
    }

    [Theory(Timeout = TestOptions.Limit)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Commands_that_are_cancelled_at_any_moment_never_shift_the_replies(int seed)
    {
        const int Commands = 4_000;
        await using var fake = FakeRedis.Start(static (_, command) => FakeConnection.Is(command, "GET") ? FakeReply.Bulk($"value of {command[1]}") : null);
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.MaximumInFlight = 64);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var (cancelled, answered) = (0, 0);

        async Task CallAsync(Random random)
        {
            for (var i = 0; i < Commands / 8; i++)
            {
                using var source = new CancellationTokenSource();
                var key = random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture);
                if (random.Next(8) == 0)
                {
                    await source.CancelAsync();
                }

                var pending = client.GetStringAsync(key, source.Token).AsTask();
                for (var turns = random.Next(4); turns > 0; turns--)
                {
                    await Task.Yield();
                }

                if (random.Next(2) == 0)
                {
                    await source.CancelAsync();
                }

                try
                {
                    Assert.Equal($"value of {key}", await pending);
                    Interlocked.Increment(ref answered);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref cancelled);
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(() => CallAsync(new Random(seed * 100 + caller)))));

        Assert.Equal(Commands, cancelled + answered);
        Assert.True(cancelled > 100 && answered > 100, $"{cancelled} cancelled, {answered} answered");
        Assert.Single(fake.Connections);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_command_whose_token_was_cancelled_before_is_not_sent()
    {
        await using var fake = FakeRedis.Start();
        await using var client = await TestOptions.ConnectAsync(fake.Address);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(async () => await client.SetAsync("a", "1", cancelled.Token));
        await client.GetAsync("b");

        Assert.DoesNotContain(fake.Connections[0].Commands, static command => FakeConnection.Is(command, "SET"));
    }

    [Theory(Timeout = TestOptions.Limit)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task A_connection_that_ends_within_a_reply_fails_what_may_have_run_and_says_so(int cut)
    {
        await using var fake = FakeRedis.Start((_, command) => FakeConnection.Is(command, "INCR") ? FakeReply.Bulk("12345").CutAt(cut) : null);
        await using var client = await TestOptions.ConnectAsync(fake.Address);

        var error = await Assert.ThrowsAsync<RedisConnectionException>(async () => await client.IncrAsync("n"));

        Assert.Equal((fake.Address, "INCR", RedisDelivery.MayHaveRun), (error.Server, error.Command, error.Delivery));
        Assert.Contains(fake.Address, error.Message, StringComparison.Ordinal);
        Assert.Contains("INCR", error.Message, StringComparison.Ordinal);
        Assert.Null(await client.GetAsync("a")); // on the next connection
        Assert.Equal(1, fake.Connections.Sum(static connection => connection.Commands.Count(static command => FakeConnection.Is(command, "INCR"))));
    }

    [Theory(Timeout = TestOptions.Limit)]
    [InlineData(true, 4)] // the first attempt and three more
    [InlineData(false, 1)]
    public async Task Reads_are_sent_again_only_by_option_and_a_few_times(bool retry, int expected)
    {
        await using var fake = FakeRedis.Start(static (_, command) => FakeConnection.Is(command, "GET") ? FakeReply.Close : null);
        await using var client = await TestOptions.ConnectAsync(fake.Address, options => options.RetryReads = retry);

        await Assert.ThrowsAsync<RedisConnectionException>(async () => await client.GetAsync("a"));

        Assert.Equal(expected, fake.Connections.Sum(static connection => connection.Commands.Count(static command => FakeConnection.Is(command, "GET"))));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_reply_of_another_type_fails_its_command_and_leaves_the_connection()
    {
        await using var fake = FakeRedis.Start(static (_, command) =>
            FakeConnection.Is(command, "INCR") ? FakeReply.Array(FakeReply.Bulk("what"), FakeReply.Array(FakeReply.Ok, FakeReply.Null3)) : null);
        await using var client = await TestOptions.ConnectAsync(fake.Address);

        var wrong = client.IncrAsync("n").AsTask();
        var right = client.SetAsync("a", "1").AsTask();

        await Assert.ThrowsAsync<RedisException>(() => wrong);
        Assert.True(await right);
        Assert.Single(fake.Connections);
    }

    public static TheoryData<string> Nonsense() => ["huge length", "huge count", "streamed string", "streamed list", "garbage", "depth", "unasked"];

    [Theory(Timeout = TestOptions.Limit)]
    [MemberData(nameof(Nonsense))]
    public async Task Bytes_that_are_no_reply_end_the_connection_and_say_what_and_where(string what)
    {
        var (reply, message) = what switch
        {
            "huge length" => (FakeReply.HugeLength, "MaximumReplyBytes"),
            "huge count" => (FakeReply.HugeCount, "MaximumReplyElements"),
            "streamed string" => (FakeReply.StreamedString, "streamed"),
            "streamed list" => (FakeReply.StreamedArray, "streamed"),
            "garbage" => (FakeReply.Garbage, "0x00"),
            "depth" => (FakeReply.Raw(string.Concat(Enumerable.Repeat("*1\r\n", 100))), "MaximumReplyDepth"),
            _ => (FakeReply.Bulk("x").Then(FakeReply.Ok), "no command asked for"),
        };
        await using var fake = FakeRedis.Start((_, command) => FakeConnection.Is(command, "GET") ? reply : FakeConnection.Is(command, "INCR") ? FakeReply.Stall : null);
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.RetryReads = true);

        var first = await Record.ExceptionAsync(async () => await client.GetAsync("a"));
        if (what != "unasked")
        {
            var error = Assert.IsType<RedisConnectionException>(first);
            var protocol = Assert.IsType<RedisProtocolException>(error.InnerException);
            Assert.Contains(message, protocol.Message, StringComparison.Ordinal);
            Assert.Matches("at byte [0-9]+", protocol.Message);
            Assert.Equal(RedisDelivery.MayHaveRun, error.Delivery);
        }

        fake.Handler = null;
        Assert.Null(await client.GetAsync("b")); // on another connection
        await fake.WaitForConnectionAsync(2);
        await fake.Connections[0].Closed;
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_that_loads_its_data_is_a_servers_error()
    {
        await using var fake = FakeRedis.Start(static (_, command) => FakeConnection.Is(command, "GET") ? FakeReply.Loading : null);
        await using var client = await TestOptions.ConnectAsync(fake.Address);

        var error = await Assert.ThrowsAsync<RedisServerException>(async () => await client.GetAsync("a"));

        Assert.Equal("LOADING", error.Code);
        fake.Handler = null;
        Assert.Null(await client.GetAsync("a"));
        Assert.Single(fake.Connections);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_caller_that_blocks_where_it_goes_on_delays_no_other()
    {
        await using var fake = FakeRedis.Start();
        await using var client = await TestOptions.ConnectAsync(fake.Address);
        using var release = new ManualResetEventSlim();

        async Task BlockAsync()
        {
            await client.GetAsync("a").ConfigureAwait(false);
            release.Wait(TimeSpan.FromSeconds(60));
        }

        var blocked = Task.Run(BlockAsync);
        await fake.WaitForCommandAsync("GET");
        for (var i = 1; i <= 100; i++)
        {
            Assert.Equal(i, await client.IncrAsync("n"));
        }

        Assert.False(blocked.IsCompleted);
        release.Set();
        await blocked;
    }
}
