using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Tests.SignalR;

[Trait("req", "R-07")]
public sealed class HubAbuseTests
{
    [Fact]
    public async Task A_flood_of_calls_closes_that_connection_only()
    {
        await using var host = await StartAsync(OverflowPolicy.DropOldest, options: static o => o.ClientMessageBurst = 50);
        await using var calm = await host.JoinAsync("room:1");
        await using var flooding = await RawClient.ConnectAsync(host.HubAddress);
        for (var i = 0; i < 60; i++)
        {
            await flooding.InvokeAsync(i, "Subscribe", "room:1");
        }

        Assert.StartsWith("Too many messages: 20 a second are allowed", await flooding.ReadToCloseAsync(), StringComparison.Ordinal);
        await AssertServesAsync(host, calm);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"type":1,"target":"Subscribe","arguments":"room:1"}""")]
    [InlineData("""{"type":"x"}""")]
    [InlineData("\0\0\0")]
    public async Task Malformed_messages_cost_their_own_connection_only(string frame)
    {
        await using var host = await StartAsync(OverflowPolicy.DropOldest);
        await using var calm = await host.JoinAsync("room:1");
        await using var broken = await RawClient.ConnectAsync(host.HubAddress);

        await broken.SendAsync(frame);

        var reason = await broken.ReadToCloseAsync();
        Assert.DoesNotContain("   at ", reason ?? "", StringComparison.Ordinal); // no stack trace
        await AssertServesAsync(host, calm);
    }

    [Theory]
    [InlineData("""{"type":1,"invocationId":"1","target":"OnConnectedAsync","arguments":[]}""")]
    [InlineData("""{"type":1,"invocationId":"1","target":"DropTable","arguments":[1]}""")]
    [InlineData("""{"type":1,"invocationId":"1","target":"Subscribe","arguments":[]}""")]
    [InlineData("""{"type":1,"invocationId":"1","target":"Subscribe","arguments":[{"a":1}]}""")]
    [InlineData("""{"type":4,"invocationId":"1","target":"Subscribe","arguments":["room:1"]}""")]
    public async Task Unknown_methods_and_wrong_arguments_are_refused(string frame)
    {
        await using var host = await StartAsync(OverflowPolicy.DropOldest);
        await using var calm = await host.JoinAsync("room:1");
        await using var odd = await RawClient.ConnectAsync(host.HubAddress);

        await odd.SendAsync(frame);

        using var answer = JsonDocument.Parse((await odd.NextAsync())!);
        Assert.Equal(3, answer.RootElement.GetProperty("type").GetInt32());
        Assert.False(string.IsNullOrEmpty(answer.RootElement.GetProperty("error").GetString()));
        Assert.Equal(1, host.Channels.GetStatistics().Subscriptions);
        await AssertServesAsync(host, calm);
    }

    [Fact]
    public async Task A_message_of_a_megabyte_costs_its_own_connection_only()
    {
        await using var host = await StartAsync(OverflowPolicy.DropOldest);
        await using var calm = await host.JoinAsync("room:1");
        await using var large = await RawClient.ConnectAsync(host.HubAddress);
        var sending = large.InvokeAsync(1, "Publish", "room:1", new string('x', 1024 * 1024));

        Assert.NotEqual("{}", await large.ReadToCloseAsync());
        await host.UntilAsync(static s => s.Connections == 1);
        await AssertServesAsync(host, calm);
        await Record.ExceptionAsync(() => sending); // cut off while it sends, or not
    }

    [Fact]
    public async Task Random_frames_never_harm_another_connection()
    {
        const int Seed = 77;
        var random = new Random(Seed);
        await using var host = await StartAsync(OverflowPolicy.DropOldest);
        await using var calm = await host.JoinAsync("room:1");
        const string Valid = """{"type":1,"invocationId":"1","target":"Subscribe","arguments":["room:1"]}""";
        for (var i = 0; i < 40; i++)
        {
            await using var client = await RawClient.ConnectAsync(host.HubAddress, handshake: random.Next(4) != 0);
            var frame = System.Text.Encoding.UTF8.GetBytes(Valid + "\u001e");
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                frame[random.Next(frame.Length)] = (byte)random.Next(256);
            }

            await client.SendBytesAsync(frame.AsMemory(0, random.Next(1, frame.Length + 1)));
            if (random.Next(2) == 0)
            {
                await Record.ExceptionAsync(() => client.SendBytesAsync(frame));
            }
        }

        await host.UntilAsync(static s => s is { Connections: 1, Subscriptions: 1 });
        await AssertServesAsync(host, calm);
    }

    [Fact]
    public async Task A_stalled_client_delays_nobody_and_drop_oldest_keeps_the_newest_in_order()
    {
        await using var host = await StartAsync(OverflowPolicy.DropOldest);
        var (stalled, last) = await StallAsync(host, static s => s.Drops >= 20);

        var numbers = await ReadNumbersAsync(stalled, until: last);

        Assert.Equal(numbers.Order().Distinct(), numbers);
        Assert.Equal(Enumerable.Range(last - 7, 8), numbers[^8..]); // the newest eight, the outbox's limit
        Assert.True(numbers.Count <= last - 20);
        await stalled.DisposeAsync();
    }

    [Fact]
    public async Task A_stalled_client_of_a_collapsing_channel_gets_the_latest()
    {
        await using var host = await StartAsync(OverflowPolicy.CollapseToLatest);
        var (stalled, last) = await StallAsync(host, static s => s.Drops >= 20);

        var numbers = await ReadNumbersAsync(stalled, until: last);

        Assert.Equal(numbers.Order().Distinct(), numbers);
        Assert.True(numbers.Count <= last - 20);
        await stalled.DisposeAsync();
    }

    [Fact]
    public async Task A_stalled_client_of_a_disconnecting_channel_is_closed_with_the_reason()
    {
        await using var host = await StartAsync(OverflowPolicy.Disconnect);
        var (stalled, _) = await StallAsync(host, static s => s.Disconnects == 1);

        Assert.Equal("The connection reads too slowly: too much waited for it when channel 'room:1' published more.", await stalled.ReadToCloseAsync());
        await stalled.DisposeAsync();
    }

    [Fact]
    public async Task A_client_that_never_reads_again_is_cut_when_its_time_is_up()
    {
        await using var host = await StartAsync(OverflowPolicy.Disconnect);
        var (stalled, _) = await StallAsync(host, static s => s.Disconnects == 1);

        // It does not take the reason within five seconds.
        host.Clock.Advance(TimeSpan.FromSeconds(5));

        await host.UntilAsync(static s => s.Connections == 0);
        await stalled.DisposeAsync();
    }

    private static Task<HubHost> StartAsync(OverflowPolicy policy, Action<RealtimeOptions>? options = null) => HubHost.StartAsync(
        r => r.AddChannel("room:{id}", c => c.AllowAuthenticated().OnOverflow(policy).OutboxLimit(8).MaximumMessageBytes(32 * 1024)),
        static hub => hub.SendTimeout = TimeSpan.FromMinutes(2),
        options);

    /// <summary>A client that joins and stops reading, while another reads everything, until the statistics are as wished.</summary>
    private static async Task<(RawClient Stalled, int Last)> StallAsync(HubHost host, Func<RealtimeStatistics, bool> until)
    {
        var stalled = await RawClient.ConnectAsync(host.HubAddress);
        await stalled.InvokeAsync(1, "Subscribe", "room:1");
        Assert.Contains("\"type\":3", await stalled.NextAsync(), StringComparison.Ordinal);
        await using var reading = await host.JoinAsync("room:1");
        var padding = new string('x', 16 * 1024);
        for (var i = 1; i <= 2_000; i++)
        {
            await host.Channels.PublishAsync("room:1", new Numbered(i, padding));
            Assert.Contains($$"""{"number":{{i}},""", await reading.NextAsync(), StringComparison.Ordinal);
            if (until(host.Channels.GetStatistics()))
            {
                return (stalled, i);
            }
        }

        throw new InvalidOperationException("The client did not stall.");
    }

    private static async Task<List<int>> ReadNumbersAsync(RawClient client, int until)
    {
        List<int> numbers = [];
        while (numbers.Count == 0 || numbers[^1] != until)
        {
            using var frame = JsonDocument.Parse((await client.NextAsync())!);
            numbers.Add(frame.RootElement.GetProperty("arguments")[0].GetProperty("data").GetProperty("number").GetInt32());
        }

        return numbers;
    }

    private static async Task AssertServesAsync(HubHost host, HubClient client)
    {
        var text = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
        await host.Channels.PublishAsync("room:1", text);
        Assert.Contains(text, await client.NextAsync(), StringComparison.Ordinal);
        Assert.Equal(HubConnectionState.Connected, client.Hub.State);
    }

    private sealed record Numbered(int Number, string Padding);
}
