using System.Globalization;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Connection;

/// <summary>Two thousand connections are cut under load: mid-command, mid-reply, mid-handshake.</summary>
[Collection(HeavyCollection.Name)]
public sealed class CutTests
{
    private const int Cuts = 2_000;
    private const int Callers = 48;
    private const int Keys = 500;
    private static readonly TimeSpan TimeOut = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10); // a busy machine's

    private readonly Tally _tally = new();
    private volatile bool _isOver;

    [Fact(Timeout = 300_000)]
    public async Task Two_thousand_cuts_leave_no_caller_hanging_no_reply_mismatched_and_no_memory_behind()
    {
        var seed = Environment.ProcessId;
        var output = TestContext.Current.TestOutputHelper;
        output?.WriteLine($"seed {seed}");
        await using var server = await RedisServer.StartAsync();
        await using var proxy = CuttingProxy.Start(server.Port, seed);
        await using var repeating = await ConnectAsync(proxy, retryReads: true);
        await using var plain = await ConnectAsync(proxy, retryReads: false);

        // 1. The level of memory under load without cuts.
        await LoadAsync([repeating, plain], seed, static async () => await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System));
        var before = GC.GetTotalMemory(forceFullCollection: true);

        // 2. The cuts.
        _isOver = false;
        proxy.IsCutting = true;
        var started = TimeProvider.System.GetTimestamp();
        await LoadAsync([repeating, plain], seed + 1, async () => await TestOptions.UntilAsync(() => proxy.Cuts >= Cuts, $"{Cuts} cuts", TimeSpan.FromMinutes(4)));
        var elapsed = TimeProvider.System.GetElapsedTime(started);

        // 3. Both clients work on and hold nothing any more.
        proxy.IsCutting = false;
        foreach (var client in new[] { repeating, plain })
        {
            await TestOptions.UntilAsync(() => client.IsConnected, "the clients' connections");
            Assert.True(await client.SetAsync("last", "1"));
            var statistics = Assert.Single(client.GetStatistics());
            Assert.Equal((0, 0, 4), (statistics.InFlight, statistics.Waiting, statistics.Connections));
        }

        await _tally.CheckCountersAsync(plain);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        output?.WriteLine($"{proxy.Cuts} cuts in {elapsed.TotalSeconds:0.0} s; {_tally}; memory {before / 1024} KiB before, {after / 1024} KiB after");
        Assert.True(_tally.Right > 10_000, $"only {_tally.Right} right answers");
        Assert.True(_tally.Lost > 100, $"only {_tally.Lost} commands lost");
        Assert.Equal(0, _tally.TimedOut);
        Assert.True(_tally.Longest < TimeOut + Margin, $"a caller waited {_tally.Longest}");
        Assert.True(after < before + (24L << 20), $"{before} bytes before, {after} after");
    }

    private static Task<RedisClient> ConnectAsync(CuttingProxy proxy, bool retryReads) => TestOptions.ConnectAsync(proxy.Address, options =>
    {
        (options.ConnectionsPerServer, options.RetryReads, options.CommandTimeout) = (4, retryReads, TimeOut);
        options.ReconnectDelay = options.MaximumReconnectDelay = TimeSpan.FromMilliseconds(2);
        options.ConnectTimeout = TimeSpan.FromSeconds(5);
    });

    private async Task LoadAsync(RedisClient[] clients, int seed, Func<Task> untilAsync)
    {
        _isOver = false;
        var callers = Enumerable.Range(0, Callers)
            .Select(caller => Task.Run(() => CallAsync(clients[caller % clients.Length], caller, new Random(seed * 1_000 + caller)))).ToList();
        await untilAsync();
        _isOver = true;
        await Task.WhenAll(callers).WaitAsync(TimeOut + Margin);
    }

    private async Task CallAsync(RedisClient client, int caller, Random random)
    {
        while (!_isOver)
        {
            var key = $"key:{random.Next(Keys)}";
            var started = TimeProvider.System.GetTimestamp();
            using var source = random.Next(20) == 0 ? new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(1, 20)), TimeProvider.System) : null;
            try
            {
                switch (random.Next(4))
                {
                    case 0:
                        Assert.True(await client.SetAsync(key, Value(key, random), source?.Token ?? default));
                        break;
                    case 1:
                        _tally.Attempted(caller);
                        _tally.Counted(caller, await client.IncrAsync($"counter:{caller}", source?.Token ?? default));
                        break;
                    default:
                        Check(key, await client.GetStringAsync(key, source?.Token ?? default));
                        break;
                }

                _tally.AddRight();
            }
            catch (RedisConnectionException lost)
            {
                Assert.NotNull(lost.Command);
                _tally.AddLost();
            }
            catch (RedisTimeoutException)
            {
                _tally.AddTimedOut();
            }
            catch (OperationCanceledException) when (source is not null)
            {
                _tally.AddCancelled();
            }

            _tally.Took(TimeProvider.System.GetElapsedTime(started));
        }
    }

    private static string Value(string key, Random random)
    {
        var length = random.Next(50) == 0 ? random.Next(200_000) : random.Next(2_000);
        var letter = (char)('a' + random.Next(26));
        return $"{key}|{length}|{letter}|{new string(letter, length)}";
    }

    private static void Check(string key, string? value)
    {
        if (value is null)
        {
            return; // not written yet
        }

        var parts = value.Split('|');
        Assert.Equal(key, parts[0]);
        Assert.Equal(int.Parse(parts[1], CultureInfo.InvariantCulture), parts[3].Length);
        Assert.Equal(-1, parts[3].AsSpan().IndexOfAnyExcept(parts[2][0]));
    }

    /// <summary>What became of the commands.</summary>
    private sealed class Tally
    {
        private readonly Lock _lock = new(); // guards the dictionaries
        private readonly Dictionary<int, long> _attempts = [];
        private readonly Dictionary<int, long> _counts = [];
        private long _right;
        private long _lost;
        private long _cancelled;
        private long _timedOut;
        private long _longest;

        public long Right => Interlocked.Read(ref _right);

        public long Lost => Interlocked.Read(ref _lost);

        public long TimedOut => Interlocked.Read(ref _timedOut);

        public TimeSpan Longest => new(Interlocked.Read(ref _longest));

        public void AddRight() => Interlocked.Increment(ref _right);

        public void AddLost() => Interlocked.Increment(ref _lost);

        public void AddCancelled() => Interlocked.Increment(ref _cancelled);

        public void AddTimedOut() => Interlocked.Increment(ref _timedOut);

        public void Took(TimeSpan time)
        {
            for (var longest = Interlocked.Read(ref _longest); time.Ticks > longest; longest = Interlocked.Read(ref _longest))
            {
                Interlocked.CompareExchange(ref _longest, time.Ticks, longest);
            }
        }

        public void Attempted(int caller)
        {
            lock (_lock)
            {
                _attempts[caller] = _attempts.GetValueOrDefault(caller) + 1;
            }
        }

        /// <summary>A counter of the caller's own only rises, and never by more than the caller has tried: nothing runs twice.</summary>
        public void Counted(int caller, long value)
        {
            lock (_lock)
            {
                Assert.InRange(value, _counts.GetValueOrDefault(caller) + 1, _attempts[caller]);
                _counts[caller] = value;
            }
        }

        public async Task CheckCountersAsync(RedisClient client)
        {
            foreach (var (caller, attempts) in _attempts)
            {
                var value = long.Parse(await client.GetStringAsync($"counter:{caller}") ?? "0", CultureInfo.InvariantCulture);
                Assert.InRange(value, _counts.GetValueOrDefault(caller), attempts);
            }
        }

        public override string ToString() =>
            $"{_right} right, {_lost} lost, {_cancelled} cancelled, {_timedOut} timed out, longest {Longest.TotalMilliseconds:0} ms";
    }
}
