using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Connection;

public sealed class ReconnectTests
{
    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_that_stands_still_is_noticed_by_the_ping_and_left()
    {
        await using var server = await RedisServer.StartAsync();
        using var log = new LogRecorder();
        await using var client = await TestOptions.ConnectAsync(
            server.Address,
            static options => (options.PingInterval, options.ConnectTimeout) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1)),
            new RedisClientServices { LoggerFactory = log });
        await client.SetAsync("a", "1");

        await server.PauseAsync();
        var pending = client.IncrAsync("n").AsTask();
        var error = await Assert.ThrowsAsync<RedisConnectionException>(() => pending);

        Assert.Equal(("INCR", RedisDelivery.MayHaveRun), (error.Command, error.Delivery));
        Assert.Contains("not even an answer to PING", error.Message, StringComparison.Ordinal);
        Assert.Contains(log.Entries, static entry => entry.Id == 6001 && entry.Text.Contains("PING", StringComparison.Ordinal));
        var waiting = client.GetStringAsync("a").AsTask();
        await server.ResumeAsync();
        Assert.Equal("1", await waiting);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_that_is_idle_and_answers_is_kept_even_where_the_clock_ticks_late()
    {
        await using var fake = FakeRedis.Start();
        var time = new SteppedTime();
        await using var client = await TestOptions.ConnectAsync(
            fake.Address, static options => options.PingInterval = TimeSpan.FromSeconds(1), new RedisClientServices { TimeProvider = time });

        for (var round = 1; round <= 5; round++)
        {
            var before = Assert.Single(client.GetStatistics()).BytesReceived;
            time.Tick(TimeSpan.FromSeconds(1.5));
            await TestOptions.UntilAsync(() => Assert.Single(client.GetStatistics()).BytesReceived > before, $"the answer to PING {round}");
        }

        Assert.True(client.IsConnected);
        Assert.Single(fake.Connections);
        Assert.Equal(5, fake.Connections[0].Commands.Count(static command => FakeConnection.Is(command, "PING")));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Attempts_to_come_back_are_bounded_while_a_server_is_away_or_ends_each_connection()
    {
        var isClosing = false;
        await using var fake = FakeRedis.Start((_, command) => isClosing && FakeConnection.Is(command, "CLIENT") ? FakeReply.Ok.ThenClose() : null);
        await using var client = await TestOptions.ConnectAsync(
            fake.Address, static options => options.ReconnectDelay = options.MaximumReconnectDelay = TimeSpan.FromMilliseconds(100));
        var started = TimeProvider.System.GetTimestamp();

        isClosing = true;
        await fake.Connections[0].CloseAsync();
        await fake.WaitForConnectionAsync(21);

        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromMilliseconds(200), "20 attempts in less than 200 ms, where 1 s is expected");
        isClosing = false;
        Assert.True(await client.SetAsync("a", "1"));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_that_starts_again_is_found_again()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await TestOptions.ConnectAsync(server.Address);
        await client.SetAsync("a", "1");

        await server.KillAsync();
        await TestOptions.UntilAsync(() => !client.IsConnected, "the loss");
        var waiting = client.SetAsync("b", "2").AsTask();
        await server.RestartAsync();

        Assert.True(await waiting);
        Assert.Equal("2", await client.GetStringAsync("b"));
    }

    [Theory(Timeout = TestOptions.Limit)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Disposing_under_load_ends_every_caller(int seed)
    {
        await using var server = await RedisServer.StartAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 20; round++)
        {
            var client = await TestOptions.ConnectAsync(server.Address, static options => (options.ConnectionsPerServer, options.MaximumInFlight) = (2, 32));
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var after = random.Next(1, 500);
            var count = 0;

            async Task CallAsync(int caller)
            {
                while (true)
                {
                    var error = await Record.ExceptionAsync(async () => await client.IncrAsync($"n{caller}"));
                    if (error is not null)
                    {
                        Assert.IsType<RedisConnectionException>(error);
                        return;
                    }

                    if (Interlocked.Increment(ref count) == after)
                    {
                        started.SetResult();
                    }
                }
            }

            var callers = Enumerable.Range(0, 50).Select(caller => Task.Run(() => CallAsync(caller))).ToList();
            await started.Task;
            await Task.WhenAll(client.DisposeAsync().AsTask(), client.DisposeAsync().AsTask());
            await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Disposing_while_a_connection_is_opened_leaves_none()
    {
        await using var fake = FakeRedis.Start();
        for (var round = 0; round < 50; round++)
        {
            var client = await TestOptions.ConnectAsync(fake.Address, static options => options.ReconnectDelay = TimeSpan.FromMilliseconds(1));
            var connections = fake.Connections.Count;
            await fake.Connections[^1].CloseAsync(reset: round % 2 == 0);
            if (round % 3 > 0)
            {
                await fake.WaitForConnectionAsync(connections + 1); // at any stage of its handshake
            }

            await client.DisposeAsync();
        }

        await Task.WhenAll(fake.Connections.Select(static connection => connection.Closed)).WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>A clock that jumps, and whose timers fire once for each jump.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private readonly List<Action> _timers = [];
        private long _now = TimeSpan.TicksPerDay;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _now);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (period > TimeSpan.Zero)
            {
                _timers.Add(() => callback(state)); // only the client's clock repeats
            }

            return new Stopped();
        }

        public void Tick(TimeSpan step)
        {
            Interlocked.Add(ref _now, step.Ticks);
            _timers.ForEach(static tick => tick());
        }

        private sealed class Stopped : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                // It never runs by itself.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
