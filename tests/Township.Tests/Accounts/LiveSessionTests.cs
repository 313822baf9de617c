using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Township.Modules.Accounts.Sessions;

namespace Township.Tests.Accounts;

/// <summary>A live connection is worth as much as the session it was opened in, and no longer.</summary>
[Trait("req", "T-01")]
public sealed class LiveSessionTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_live_connection_ends_with_its_session_and_others_stay()
    {
        await using var host = await TownshipHost.StartAsync();
        using var here = host.Visit();
        using var there = host.Visit();
        await here.SignInAsync();
        await there.SignInAsync();
        using var kept = await ConnectAsync(host, here);
        using var ended = await ConnectAsync(host, there);
        Assert.Equal("{}", await ReadAsync(ended));
        Assert.Equal("{}", await ReadAsync(kept));

        using var done = await here.SendFormAsync("/account/security", [], "/account/security?handler=EndOthers");

        Assert.Equal(HttpStatusCode.Redirect, done.StatusCode);
        await AssertClosesAsync(ended);

        await SendAsync(kept, """{"type":1,"invocationId":"1","target":"Subscribe","arguments":["user:demo-resident"]}""");
        while (await ReadAsync(kept) is var message && message != """{"type":3,"invocationId":"1","result":null}""")
        {
            Assert.Equal("""{"type":6}""", message);
        }
    }

    [Fact]
    public async Task A_connection_of_a_session_that_ended_meanwhile_does_not_stay()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();
        await visitor.SignInAsync();
        using var socket = await ConnectAsync(host, visitor, handshake: false);
        await host.Services.GetRequiredService<SessionDirectory>().EndAsync(
            "demo-resident", null, null, TestContext.Current.CancellationToken);

        await SendAsync(socket, """{"protocol":"json","version":1}""");

        await AssertClosesAsync(socket);
    }

    // The answer to the handshake, a ping and the good-bye may come first.
    private static async Task AssertClosesAsync(ClientWebSocket socket)
    {
        for (var left = 3; await ReadAsync(socket) is { } message; left--)
        {
            Assert.True(left > 0, $"It is still open, and hears: {message}");
        }
    }

    private static async Task<ClientWebSocket> ConnectAsync(TownshipHost host, Visitor visitor, bool handshake = true)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", $"township_session={visitor.SessionToken}");
        await socket.ConnectAsync(
            new Uri($"ws://{host.Address.Authority}/millrace/hub"), TestContext.Current.CancellationToken);
        if (handshake)
        {
            await SendAsync(socket, """{"protocol":"json","version":1}""");
        }

        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, string message) => socket.SendAsync(
        Encoding.UTF8.GetBytes(message + '\u001e'), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);

    // One message; null when the server has closed.
    private static async Task<string?> ReadAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        try
        {
            var read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken)
                .WaitAsync(Limit, TestContext.Current.CancellationToken);
            return read.MessageType == WebSocketMessageType.Close ? null : Encoding.UTF8.GetString(buffer, 0, read.Count).TrimEnd('\u001e');
        }
        catch (WebSocketException)
        {
            return null;
        }
    }
}
