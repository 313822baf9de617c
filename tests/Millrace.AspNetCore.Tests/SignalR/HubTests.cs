using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Tests.SignalR;

[Trait("req", "R-01")]
public sealed class HubTests
{
    [Fact]
    public async Task What_the_server_publishes_reaches_every_client_that_joined()
    {
        await using var host = await HubHost.StartAsync(static r => r.AddChannel("project:{id}", static c => c.AllowAuthenticated()));
        await using var first = await host.JoinAsync("project:1", "ann");
        await using var second = await host.JoinAsync("project:1", "bob");
        await using var other = await host.JoinAsync("project:2", "eve");

        await host.Channels.PublishAsync("project:1", new TaskUpdated(7, "a \"b\" ü"));
        await host.Channels.PublishAsync("project:2", new TaskUpdated(8, "x"));

        var expected = """{"channel":"project:1","type":"task-updated","data":{"taskId":7,"title":"a \u0022b\u0022 \u00FC"}}""";
        Assert.Equal(expected, await first.NextAsync());
        Assert.Equal(expected, await second.NextAsync());
        Assert.Equal("""{"channel":"project:2","type":"task-updated","data":{"taskId":8,"title":"x"}}""", await other.NextAsync());
    }

    [Fact]
    [Trait("req", "R-02")]
    public async Task A_refused_subscribe_is_a_hub_exception_with_a_plain_sentence()
    {
        await using var host = await HubHost.StartAsync(static r => r.AddChannel("user:{id}", static c => c.Authorize(static access => access["id"] == access.UserId)));
        await using var client = await host.ConnectAsync("ann");

        await Refuses("You may not join channel 'user:bob'.", "Subscribe", "user:bob");
        await Refuses("There is no channel 'nowhere'.", "Subscribe", "nowhere");
        await Refuses("Not a channel name", "Subscribe", "a b");
        await Refuses("Not a channel name", "Subscribe", [null!]);
        await Refuses("You may not publish to channel 'user:ann'.", "Publish", "user:ann", 1);
        await client.Hub.InvokeAsync("Subscribe", "user:ann");
        await host.Channels.PublishAsync("user:bob", 1);
        await host.Channels.PublishAsync("user:ann", 2);

        Assert.Contains("\"data\":2", await client.NextAsync(), StringComparison.Ordinal);

        async Task Refuses(string sentence, string method, params object[] arguments)
        {
            var error = await Assert.ThrowsAsync<HubException>(() => client.Hub.InvokeCoreAsync(method, arguments));
            Assert.Contains($"HubException: {sentence}", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("req", "R-02")]
    public async Task An_ordinary_policy_decides_with_the_channel_as_its_resource()
    {
        await using var host = await HubHost.StartAsync(
            static r => r
                .AddChannel("org:{id}", static c => c.RequirePolicy("member").RequirePublishPolicy("chair"))
                .AddChannel("typo", static c => c.RequirePolicy("no-such-policy")),
            services: static services => services.AddAuthorizationBuilder()
                .AddPolicy("member", static policy => policy.RequireAssertion(static context =>
                    context.Resource is ChannelAccess access && access["id"] == "acme" && access.UserId is "ann" or "bob"))
                .AddPolicy("chair", static policy => policy.RequireAssertion(static context =>
                    context.Resource is ChannelAccess { Operation: ChannelOperation.Publish, UserId: "ann" })));
        await using var ann = await host.JoinAsync("org:acme", "ann");
        await using var bob = await host.JoinAsync("org:acme", "bob");
        await using var eve = await host.ConnectAsync("eve");

        await Assert.ThrowsAsync<HubException>(() => eve.Hub.InvokeAsync("Subscribe", "org:acme"));
        await Assert.ThrowsAsync<HubException>(() => eve.Hub.InvokeAsync("Subscribe", "typo"));
        await Assert.ThrowsAsync<HubException>(() => bob.Hub.InvokeAsync("Publish", "org:acme", new { text = "no" }));
        await ann.Hub.InvokeAsync("Publish", "org:acme", new { text = "yes" });

        const string Expected = """{"channel":"org:acme","type":"message","data":{"text":"yes"}}""";
        Assert.Equal(Expected, await bob.NextAsync());
        Assert.Equal(Expected, await ann.NextAsync());
    }

    [Fact]
    public async Task Unsubscribe_stops_delivery()
    {
        await using var host = await HubHost.StartAsync(Rooms);
        await using var client = await host.JoinAsync("room:1");
        await client.Hub.InvokeAsync("Subscribe", "room:2");

        await host.Channels.PublishAsync("room:1", 1);
        Assert.Contains("\"data\":1", await client.NextAsync(), StringComparison.Ordinal);
        await client.Hub.InvokeAsync("Unsubscribe", "room:1");
        await host.Channels.PublishAsync("room:1", 2);
        await host.Channels.PublishAsync("room:2", 3);

        Assert.Contains("\"data\":3", await client.NextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, client.Waiting);
    }

    [Fact]
    [Trait("req", "R-02")]
    public async Task A_client_whose_subscription_is_revoked_is_told_why()
    {
        await using var host = await HubHost.StartAsync(Rooms);
        await using var client = await host.JoinAsync("room:1");

        await host.Channels.RevokeAsync("room:1", "ann", "You left the room.");

        Assert.Equal("""{"channel":"room:1","reason":"You left the room."}""", await client.NextAsync());
    }

    [Fact]
    public async Task A_client_that_goes_leaves_nothing_behind()
    {
        await using var host = await HubHost.StartAsync(Rooms);
        var polite = await host.JoinAsync("room:1");
        var rude = await RawClient.ConnectAsync(host.HubAddress);
        await rude.InvokeAsync(1, "Subscribe", "room:2");
        await host.UntilAsync(static s => s is { Connections: 2, Subscriptions: 2, Channels: 2 });

        await polite.DisposeAsync();
        await rude.DisposeAsync(); // without a closing handshake

        await host.UntilAsync(static s => s is { Connections: 0, Subscriptions: 0, Channels: 0 });
        Assert.Equal(0, host.Channels.GetStatistics().Disconnects);
    }

    [Fact]
    public async Task Order_holds_for_who_stays_while_others_come_and_go()
    {
        const int Seed = 5;
        await using var host = await HubHost.StartAsync(
            static r => r.AddChannel("room:{id}", static c => c.AllowAuthenticated().OutboxLimit(10_000)),
            options: static o => (o.ClientMessageBurst, o.ConnectionOutboxBytes) = (10_000, 64 << 20));
        await using var staying = await host.JoinAsync("room:1");
        var visiting = Enumerable.Range(0, 3).Select(visitor => Task.Run(() => VisitAsync(visitor))).ToList();
        var publishing = Task.Run(async () =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                await host.Channels.PublishAsync("room:1", i);
                await Task.Yield();
            }
        });
        await Task.WhenAll([publishing, .. visiting]).WaitAsync(HubHost.Guard);

        for (var i = 0; i < 1_000; i++)
        {
            Assert.Equal($$"""{"channel":"room:1","type":"int32","data":{{i}}}""", await staying.NextAsync());
        }

        await host.UntilAsync(static s => s is { Connections: 1, Subscriptions: 1 });

        async Task VisitAsync(int visitor)
        {
            var random = new Random(Seed + visitor);
            for (var visit = 0; visit < 10; visit++)
            {
                await using var client = await host.JoinAsync("room:1");
                for (var step = random.Next(6); step > 0; step--)
                {
                    await client.Hub.InvokeAsync(random.Next(2) == 0 ? "Subscribe" : "Unsubscribe", $"room:{random.Next(2)}");
                }

                var last = -1;
                while (client.Waiting > 0)
                {
                    var body = System.Text.Json.JsonDocument.Parse(await client.NextAsync()).RootElement;
                    Assert.True(body.GetProperty("data").GetInt32() > last, $"seed {Seed}: out of order");
                    last = body.GetProperty("data").GetInt32();
                }
            }
        }
    }

    [Fact]
    public void Mapping_without_the_services_says_what_to_add()
    {
        using var app = Microsoft.AspNetCore.Builder.WebApplication.CreateSlimBuilder().Build() as IDisposable;

        var error = Assert.Throws<InvalidOperationException>(() => ((Microsoft.AspNetCore.Builder.WebApplication)app!).MapMillraceHub());

        Assert.Contains("AddMillraceHub", error.Message, StringComparison.Ordinal);
    }

    private static void Rooms(RealtimeBuilder realtime) => realtime.AddChannel("room:{id}", static c => c.AllowAuthenticated());

    private sealed record TaskUpdated(int TaskId, string Title);
}
