using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Diagnostics;

/// <summary>A password does not show in logs, exceptions, spans, measurements or texts, whatever goes wrong.</summary>
public sealed class SecretTests
{
    private const string Password = "hunter2-sesame";

    [Theory(Timeout = TestOptions.Limit)]
    [InlineData("wrong password")]
    [InlineData("hello is unknown and echoed")]
    [InlineData("auth is unknown and echoed")]
    [InlineData("tls")]
    [InlineData("closes")]
    [InlineData("garbage")]
    public async Task A_password_is_never_told_when_connecting_fails(string fault)
    {
        await using var fake = FakeRedis.Start();
        fake.Password = "another";
        fake.IsResp2Only = fault.Contains("unknown", StringComparison.Ordinal);
        fake.Handler = (connection, command) => fault switch
        {
            "closes" => FakeReply.Close,
            "garbage" => FakeReply.Garbage,
            "auth is unknown and echoed" when FakeConnection.Is(command, "AUTH") =>
                FakeReply.Error($"ERR unknown command 'AUTH', with args beginning with: {string.Join(' ', command.Skip(1).Select(static a => $"'{a}'"))}"),
            _ => null,
        };
        using var witness = new Witness(fake.Port);
        var options = TestOptions.For(fake.Address + $",user=miller,password={Password}");
        options.Protocol = fault == "hello is unknown and echoed" ? RedisProtocol.Resp3 : RedisProtocol.Auto;
        options.Tls = fault == "tls" ? new RedisTlsOptions() : null;

        var error = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync(options, witness.Services));

        Assert.DoesNotContain(Password, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Password, options.ToString(), StringComparison.Ordinal);
        witness.Check();
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_password_is_never_told_by_a_client_that_works_or_loses_its_server()
    {
        await using var fake = FakeRedis.Start((_, command) =>
            FakeConnection.Is(command, "GET") && command[1] == "moved" ? FakeReply.Moved(42, "127.0.0.1:1") : null);
        fake.Password = Password;
        using var witness = new Witness(fake.Port);
        await using var client = await TestOptions.ConnectAsync(fake.Address + $",password={Password}", services: witness.Services);

        List<Exception?> errors =
        [
            await Record.ExceptionAsync(async () => await client.SetAsync("key", "value")),
            await Record.ExceptionAsync(async () => await client.GetAsync("moved")),
            await Record.ExceptionAsync(async () => await client.LLenAsync(Password)), // unknown to the server, which echoes arguments
        ];
        fake.Handler = static (_, _) => FakeReply.Close;
        errors.Add(await Record.ExceptionAsync(async () => await client.IncrAsync("key")));
        fake.Password = "changed";
        fake.Handler = null;
        await TestOptions.UntilAsync(() => witness.Log.Count(6003) > 0, "the refusal in the log");

        Assert.Null(errors[0]);
        Assert.All(errors.Skip(1), error => Assert.DoesNotContain(Password, Assert.IsAssignableFrom<RedisException>(error).ToString(), StringComparison.Ordinal));
        Assert.DoesNotContain(Password, string.Join(' ', client.GetStatistics()), StringComparison.Ordinal);
        witness.Check();
    }

    /// <summary>Keeps everything that a client tells.</summary>
    private sealed class Witness : IDisposable
    {
        private readonly ConcurrentQueue<string> _told = new();
        private readonly ActivityListener _spans;
        private readonly MeterListener _meters = new();

        public Witness(int port)
        {
            _spans = new ActivityListener
            {
                ShouldListenTo = static source => source.Name == "Millrace.Redis",
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = span =>
                {
                    if (Equals(span.GetTagItem("server.port"), port))
                    {
                        _told.Enqueue($"{span.DisplayName} {span.StatusDescription} {string.Join(' ', span.TagObjects)} {string.Join(' ', span.Events)}");
                    }
                },
            };
            ActivitySource.AddActivityListener(_spans);
            _meters.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Millrace.Redis")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => _told.Enqueue($"{instrument.Name} {string.Join(' ', tags.ToArray())}"));
            _meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => _told.Enqueue($"{instrument.Name} {string.Join(' ', tags.ToArray())}"));
            _meters.Start();
        }

        public LogRecorder Log { get; } = new();

        public RedisClientServices Services => new() { LoggerFactory = Log };

        public void Check()
        {
            _meters.RecordObservableInstruments();
            Assert.All(_told, static text => Assert.DoesNotContain(Password, text, StringComparison.Ordinal));
            Assert.All(Log.Entries, static entry => Assert.DoesNotContain(Password, entry.Text, StringComparison.Ordinal));
        }

        public void Dispose()
        {
            _spans.Dispose();
            _meters.Dispose();
            Log.Dispose();
        }
    }
}
