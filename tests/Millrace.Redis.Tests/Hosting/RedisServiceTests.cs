using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Hosting;

public sealed class RedisServiceTests
{
    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_client_is_connected_before_other_hosted_services_start()
    {
        await using var fake = FakeRedis.Start();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<ProbeResult>();
        builder.Services.AddHostedService<Prober>(); // registered first
        builder.Services.AddMillraceRedis(fake.Address);
        using var host = builder.Build();

        await host.StartAsync();

        Assert.Equal((true, "set"), host.Services.GetRequiredService<ProbeResult>().Seen);
        Assert.Same(host.Services.GetRequiredService<RedisClient>(), host.Services.GetRequiredService<RedisClient>());
        await host.StopAsync();
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Configuration_names_the_servers_of_the_default_client_and_of_named_ones()
    {
        await using var first = FakeRedis.Start();
        await using var second = FakeRedis.Start();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Millrace:Redis:Endpoints:0"] = first.Address,
            ["Millrace:Redis:ClientName"] = "one",
            ["Millrace:Redis:Clients:sessions:ConnectionString"] = $"redis://{second.Address}/2",
            ["Millrace:Redis:Clients:sessions:CommandTimeout"] = "00:00:07",
            ["REDIS_URL"] = "redis://127.0.0.1:1",
        });
        builder.Services.AddMillraceRedis(static options => options.ClientName = "overruled");
        builder.Services.AddMillraceRedis("sessions", static options => options.ClientName = "two");
        using var host = builder.Build();

        await host.StartAsync();

        await host.Services.GetRequiredService<RedisClient>().SetAsync("a", "1");
        await host.Services.GetRequiredKeyedService<RedisClient>("sessions").SetAsync("a", "2");
        Assert.Equal("1", first.Values["0 a"]);
        Assert.Equal("2", second.Values["2 a"]);
        Assert.Equal(("one", "two"), (first.Connections[^1].Name, second.Connections[^1].Name));
        Assert.Equal(TimeSpan.FromSeconds(7), host.Services.GetRequiredService<IOptionsMonitor<RedisOptions>>().Get("sessions").CommandTimeout);
        await host.StopAsync();
    }

    [Fact(Timeout = TestOptions.Limit)]
    [Trait("req", "H-09")]
    public async Task REDIS_URL_names_the_server_where_nothing_else_does()
    {
        await using var fake = FakeRedis.Start();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal) { ["REDIS_URL"] = $"redis://{fake.Address}/4" });
        builder.Services.AddMillraceRedis();
        using var host = builder.Build();

        await host.StartAsync();

        await host.Services.GetRequiredService<RedisClient>().SetAsync("a", "1");
        Assert.Equal("1", fake.Values["4 a"]);
        await host.StopAsync();
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_host_without_its_server_does_not_start_and_says_why_in_one_line()
    {
        var port = RedisPorts.Next();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddMillraceRedis($"127.0.0.1:{port}");
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<RedisConnectionException>(() => host.StartAsync());

        Assert.StartsWith($"127.0.0.1:{port} could not be reached: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_host_that_may_start_without_its_server_does_and_commands_reach_it_later()
    {
        await using var fake = FakeRedis.Start();
        await fake.StopListeningAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddMillraceRedis($"{fake.Address},abortConnect=false,reconnectDelay=5ms,maximumReconnectDelay=50ms,commandTimeout=60s");
        using var host = builder.Build();
        await host.StartAsync();
        var client = host.Services.GetRequiredService<RedisClient>();

        var pending = client.SetAsync("a", "1");
        Assert.False(client.IsConnected);
        fake.Listen();

        Assert.True(await pending);
        await host.StopAsync();
    }

    [Fact]
    public async Task Wrong_options_stop_the_host_and_name_what_is_wrong()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddMillraceRedis(static options => options.MaximumInFlight = 0);
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("MaximumInFlight", error.Message, StringComparison.Ordinal);
        Assert.Contains("Endpoints", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Without_a_host_the_first_command_connects_and_those_before_the_connection_keep_their_order()
    {
        await using var fake = FakeRedis.Start();
        var release = new TaskCompletionSource();
        fake.Handler = (_, command) => FakeConnection.Is(command, "HELLO") ? FakeReply.Error("ERR unknown command 'HELLO'").After(release.Task) : null;
        await using var services = new ServiceCollection().AddMillraceRedis(fake.Address).BuildServiceProvider();
        var client = services.GetRequiredService<RedisClient>();

        var pending = Enumerable.Range(0, 100).Select(_ => client.IncrAsync("n").AsTask()).ToList();
        await fake.WaitForCommandAsync("HELLO");
        Assert.Empty(client.GetStatistics());
        release.SetResult();

        Assert.Equal(Enumerable.Range(1, 100).Select(static n => (long)n), await Task.WhenAll(pending));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Without_a_host_commands_tell_that_the_server_cannot_be_reached_and_later_ones_try_again()
    {
        await using var fake = FakeRedis.Start();
        await fake.StopListeningAsync();
        await using var services = new ServiceCollection().AddMillraceRedis(fake.Address).BuildServiceProvider();
        var client = services.GetRequiredService<RedisClient>();

        var error = await Assert.ThrowsAsync<RedisConnectionException>(async () => await client.GetAsync("a"));
        Assert.Equal(("GET", RedisDelivery.NotSent), (error.Command, error.Delivery));
        fake.Listen();

        Assert.Null(await client.GetAsync("a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a:b")]
    [InlineData("a b")]
    public void Names_have_letters_digits_and_a_few_signs(string name)
    {
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddMillraceRedis(name, configure: null));
    }

    private sealed record ProbeResult
    {
        public (bool, string?) Seen { get; set; }
    }

    private sealed class Prober(RedisClient client, ProbeResult result) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            var wasConnected = client.IsConnected;
            await client.SetAsync("probe", "set", cancellationToken);
            result.Seen = (wasConnected, await client.GetStringAsync("probe", cancellationToken));
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
