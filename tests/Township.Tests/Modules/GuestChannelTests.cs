using System.Net.WebSockets;
using System.Text;
using Township.Modules.Accounts;
using Township.Modules.Voting;

namespace Township.Tests.Modules;

/// <summary>Guests may connect to the hub; what they may hear there is each channel's rule.</summary>
[Trait("req", "R-02")]
public sealed class GuestChannelTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_guest_hears_what_guests_may_see_and_nothing_else()
    {
        await using var town = await Town.StartAsync();
        var open = await town.CreateProjectAsync();
        var closed = await town.CreateProjectAsync("Surprise party", isPrivate: true);
        var question = (await town.Get<VotingWrites>().AskAsync(
            new QuestionInput { Title = "Which song comes last?", Options = ["First song", "Second song"] }, Town.Manager, default)).Value!;
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(town.Host.Address) { Scheme = "ws", Path = "/millrace/hub" }.Uri, default).WaitAsync(Limit);
        Assert.Equal("{}", await AskAsync("""{"protocol":"json","version":1}"""));

        Assert.DoesNotContain("error", await SubscribeAsync($"question:{question.Id}"), StringComparison.Ordinal);
        Assert.DoesNotContain("error", await SubscribeAsync($"project:{open.Id}"), StringComparison.Ordinal);
        foreach (var channel in new[]
        {
            $"project:{closed.Id}", "project:none", $"org:{town.OrganisationId}", "org:none", $"user:{Town.Member}", $"user:{DemoAccounts.OperatorId}",
            "user:", "user:*", "millrace:overview", "nowhere",
        })
        {
            Assert.Contains("\"error\"", await SubscribeAsync(channel), StringComparison.Ordinal);
        }

        foreach (var channel in new[] { $"question:{question.Id}", $"project:{open.Id}" })
        {
            Assert.Contains("\"error\"", await InvokeAsync("Publish", $"\"{channel}\",1"), StringComparison.Ordinal);
        }

        Task<string> SubscribeAsync(string channel) => InvokeAsync("Subscribe", $"\"{channel}\"");

        Task<string> InvokeAsync(string method, string arguments) =>
            AskAsync($$"""{"type":1,"invocationId":"1","target":"{{method}}","arguments":[{{arguments}}]}""");

        // Sends one message and reads to the answer to it; a ping or publication in between is passed over.
        async Task<string> AskAsync(string message)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(message + '\u001e'), WebSocketMessageType.Text, true, default).WaitAsync(Limit);
            var buffer = new byte[8192];
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer, default).WaitAsync(Limit);
                Assert.Equal(WebSocketMessageType.Text, received.MessageType);
                foreach (var answer in Encoding.UTF8.GetString(buffer, 0, received.Count).Split('\u001e', StringSplitOptions.RemoveEmptyEntries))
                {
                    if (answer == "{}" || answer.Contains("\"invocationId\":\"1\"", StringComparison.Ordinal))
                    {
                        return answer;
                    }
                }
            }
        }
    }
}
