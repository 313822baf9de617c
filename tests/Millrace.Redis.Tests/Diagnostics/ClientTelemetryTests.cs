using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Diagnostics;

public sealed class ClientTelemetryTests
{
    [Fact(Timeout = TestOptions.Limit)]
    public async Task Durations_carry_the_names_of_open_telemetry_and_what_went_wrong()
    {
        await using var fake = FakeRedis.Start((_, command) => FakeConnection.Is(command, "LLEN") ? FakeReply.Error("WRONGTYPE not a list") : null);
        using var recorder = new Recorder();
        await using var client = await TestOptions.ConnectAsync(fake.Address, services: recorder.Services);

        await client.SetAsync("key", "value");
        await Assert.ThrowsAsync<RedisServerException>(async () => await client.LLenAsync("key"));

        var set = Assert.Single(recorder.Durations, static duration => (string?)duration.Tags["db.operation.name"] == "SET");
        Assert.Equal("redis", set.Tags["db.system.name"]);
        Assert.Equal("127.0.0.1", set.Tags["server.address"]);
        Assert.Equal(fake.Port, set.Tags["server.port"]);
        Assert.DoesNotContain("error.type", set.Tags.Keys);
        Assert.InRange(set.Value, 0, 60);
        var length = Assert.Single(recorder.Durations, static duration => (string?)duration.Tags["db.operation.name"] == "LLEN");
        Assert.Equal("WRONGTYPE", length.Tags["error.type"]);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Counters_tell_commands_errors_bytes_connections_and_reconnects_of_each_server()
    {
        await using var fake = FakeRedis.Start((_, command) => FakeConnection.Is(command, "LLEN") ? FakeReply.Error("ERR no") : null);
        using var recorder = new Recorder();
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.RetryReads = true, recorder.Services);
        var before = Assert.Single(client.GetStatistics());

        await client.SetAsync("key", new byte[10_000]);
        await client.GetAsync("key");
        await Assert.ThrowsAsync<RedisServerException>(async () => await client.LLenAsync("key"));

        var after = Assert.Single(client.GetStatistics());
        Assert.Equal((fake.Port, true, 1, 0, 0), (after.Server.Port, after.IsConnected, after.Connections, after.InFlight, after.Waiting));
        Assert.Equal(3, after.Commands - before.Commands);
        Assert.Equal(1, after.Errors - before.Errors);
        Assert.InRange(after.BytesSent - before.BytesSent, 10_000, 10_200);
        Assert.InRange(after.BytesReceived - before.BytesReceived, 10_000, 10_200);
        Assert.Equal(0, after.Reconnects);

        await fake.CloseAllConnectionsAsync();
        await client.GetAsync("key");
        Assert.Equal(1, Assert.Single(client.GetStatistics()).Reconnects);

        var figures = recorder.Observe();
        Assert.Equal(1, figures[("millrace.redis.reconnects", null)]);
        Assert.Equal(0, figures[("millrace.redis.in_flight", null)]);
        Assert.Equal(0, figures[("db.client.connection.pending_requests", null)]);
        Assert.Equal(1, figures[("db.client.connection.count", "idle")]);
        Assert.Equal(0, figures[("db.client.connection.count", "used")]);
        Assert.True(figures[("millrace.redis.commands", null)] >= 4);
        Assert.True(figures[("millrace.redis.errors", null)] >= 1);
        Assert.True(figures[("millrace.redis.network.io", "transmit")] >= 10_000);
        Assert.True(figures[("millrace.redis.network.io", "receive")] >= 10_000);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_span_is_the_callers_child_and_never_its_current_one()
    {
        var stopped = new ConcurrentQueue<Activity>();
        using var own = new ActivitySource("Millrace.Redis.Tests.Spans");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Millrace.Redis" || source == own,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var fake = FakeRedis.Start((_, command) => FakeConnection.Is(command, "LLEN") ? FakeReply.Error("ERR no such thing as secret-key") : null);
        await using var client = await TestOptions.ConnectAsync(fake.Address + ",defaultDatabase=3");
        using var parent = own.StartActivity("parent");

        var pending = client.SetAsync("secret-key", "secret-value");
        Assert.Same(parent, Activity.Current);
        await pending;
        await Assert.ThrowsAsync<RedisServerException>(async () => await client.LLenAsync("secret-key"));
        Assert.Same(parent, Activity.Current);

        var spans = stopped.Where(span => span.ParentSpanId == parent!.SpanId).ToList();
        var set = Assert.Single(spans, static span => span.OperationName == "SET");
        Assert.Equal(ActivityKind.Client, set.Kind);
        Assert.Equal(ActivityStatusCode.Unset, set.Status);
        Assert.Equal("redis", set.GetTagItem("db.system.name"));
        Assert.Equal("SET", set.GetTagItem("db.operation.name"));
        Assert.Equal("3", set.GetTagItem("db.namespace"));
        Assert.Equal("127.0.0.1", set.GetTagItem("server.address"));
        Assert.Equal(fake.Port, set.GetTagItem("server.port"));
        var length = Assert.Single(spans, static span => span.OperationName == "LLEN");
        Assert.Equal(ActivityStatusCode.Error, length.Status);
        Assert.Equal("ERR", length.GetTagItem("error.type"));
        Assert.Equal("ERR", length.GetTagItem("db.response.status_code"));
        Assert.All(spans, static span => Assert.DoesNotContain("secret", string.Join(' ', span.TagObjects.Append(new("", span.StatusDescription))), StringComparison.Ordinal));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_command_that_ends_otherwise_is_measured_too()
    {
        await using var fake = FakeRedis.Start((_, command) => FakeConnection.Is(command, "GET") ? FakeReply.Stall : null);
        using var recorder = new Recorder();
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.CommandTimeout = TimeSpan.FromMilliseconds(200), recorder.Services);

        await Assert.ThrowsAsync<RedisTimeoutException>(async () => await client.GetAsync("key"));

        var late = Assert.Single(recorder.Durations, static duration => (string?)duration.Tags["db.operation.name"] == "GET");
        Assert.Equal("timeout", late.Tags["error.type"]);
        Assert.True(late.Value >= 0.2);
        Assert.Equal(1, Assert.Single(client.GetStatistics()).Errors);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await client.GetAsync("key", cancelled.Token));
        Assert.Contains(recorder.Durations, static duration => (string?)duration.Tags.GetValueOrDefault("error.type") == "System.OperationCanceledException");
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task With_nobody_listening_no_timestamp_is_taken_for_a_command()
    {
        await using var fake = FakeRedis.Start();
        var time = new CountingTime();
        await using var client = await TestOptions.ConnectAsync(fake.Address, services: new RedisClientServices { TimeProvider = time });
        await client.SetAsync("key", "value");
        var before = time.TakenByTests;

        time.Watched = Environment.CurrentManagedThreadId;
        var pending = client.GetAsync("key");
        time.Watched = 0;
        await pending;

        // Spans of other tests in this process may be listened to: then timestamps are right.
        Assert.True(time.TakenByTests == before || Recorder.SpansAreListenedTo);
    }

    /// <summary>Counts timestamps that one thread takes.</summary>
    private sealed class CountingTime : TimeProvider
    {
        public int Watched { get; set; }

        public int TakenByTests { get; private set; }

        public override long GetTimestamp()
        {
            if (Environment.CurrentManagedThreadId == Watched)
            {
                TakenByTests++;
            }

            return base.GetTimestamp();
        }
    }

    /// <summary>Records what one meter factory's meters measure.</summary>
    private sealed class Recorder : IMeterFactory
    {
        private readonly MeterListener _listener = new();
        private readonly List<Meter> _meters = [];
        private readonly ConcurrentDictionary<(string, string?), double> _observed = new();

        public Recorder()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == this)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            {
                Assert.Equal("db.client.operation.duration", instrument.Name);
                Assert.Equal("s", instrument.Unit);
                Durations.Enqueue((value, tags.ToArray().ToDictionary(static tag => tag.Key, static tag => tag.Value, StringComparer.Ordinal)));
            });
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                var all = tags.ToArray().ToDictionary(static tag => tag.Key, static tag => tag.Value, StringComparer.Ordinal);
                Assert.Equal("127.0.0.1", all["server.address"]);
                _observed[(instrument.Name, (string?)(all.GetValueOrDefault("db.client.connection.state") ?? all.GetValueOrDefault("network.io.direction")))] = value;
            });
            _listener.Start();
        }

        public static bool SpansAreListenedTo => new ActivitySource("Millrace.Redis").HasListeners();

        public ConcurrentQueue<(double Value, Dictionary<string, object?> Tags)> Durations { get; } = new();

        public RedisClientServices Services => new() { MeterFactory = this };

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public ConcurrentDictionary<(string Name, string? Kind), double> Observe()
        {
            _listener.RecordObservableInstruments();
            return _observed;
        }

        public void Dispose()
        {
            _listener.Dispose();
            _meters.ForEach(static meter => meter.Dispose());
        }
    }
}
