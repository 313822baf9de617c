using Microsoft.Extensions.Logging;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Diagnostics;

public sealed class OutageLogTests
{
    private const int Started = 6001;
    private const int Ended = 6002;
    private const int Refused = 6003;

    [Fact(Timeout = TestOptions.Limit)]
    public async Task An_outage_is_logged_once_when_it_starts_and_once_when_it_ends_whatever_the_number_of_connections_and_attempts()
    {
        await using var fake = FakeRedis.Start();
        using var log = new LogRecorder();
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.ConnectionsPerServer = 4, new RedisClientServices { LoggerFactory = log });
        Assert.Equal((0, 0), (log.Count(Started), log.Count(Ended)));

        await fake.StopListeningAsync();
        await fake.CloseAllConnectionsAsync();
        await TestOptions.UntilAsync(() => log.Count(Started) == 1, "the outage's start in the log");
        Assert.False(client.IsConnected);
        Assert.False(Assert.Single(client.GetStatistics()).IsConnected);
        fake.Listen();
        await TestOptions.UntilAsync(() => log.Count(Ended) == 1, "the outage's end in the log");

        Assert.True(client.IsConnected);
        Assert.Equal((1, 1, 0), (log.Count(Started), log.Count(Ended), log.Count(Refused)));
        var start = log.Entries.Single(static entry => entry.Id == Started);
        Assert.Equal(LogLevel.Warning, start.Level);
        Assert.Contains(fake.Address, start.Text, StringComparison.Ordinal);
        Assert.Matches("available again, after 00:.* attempts", log.Entries.Single(static entry => entry.Id == Ended).Text);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Refused_credentials_are_logged_once()
    {
        await using var fake = FakeRedis.Start();
        fake.Password = "right";
        using var log = new LogRecorder();
        await using var client = await TestOptions.ConnectAsync(
            fake.Address + ",password=wrong,abortConnect=false", services: new RedisClientServices { LoggerFactory = log });

        await fake.WaitForConnectionAsync(5);

        Assert.Equal((0, 1), (log.Count(Started), log.Count(Refused)));
        fake.Password = "wrong";
        await TestOptions.UntilAsync(() => log.Count(Ended) == 1, "the outage's end in the log");
        Assert.Equal((0, 1), (log.Count(Started), log.Count(Refused)));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Disposing_a_client_is_no_outage()
    {
        await using var fake = FakeRedis.Start();
        using var log = new LogRecorder();
        var client = await TestOptions.ConnectAsync(fake.Address, services: new RedisClientServices { LoggerFactory = log });

        await client.DisposeAsync();
        await client.DisposeAsync();

        Assert.DoesNotContain(log.Entries, static entry => entry.Level > LogLevel.Debug);
    }
}
