using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Realtime.Tests.Channels;

[Trait("req", "R-02")]
public sealed class AuthorizationTests
{
    private static readonly JsonElement Hello = JsonSerializer.SerializeToElement("hello");

    [Fact]
    public async Task A_channel_that_no_pattern_matches_cannot_be_joined()
    {
        await using var subject = new Subject(r => r.AddChannel("project:{id}", c => c.AllowAnyone()));
        var (connection, _) = subject.Connect();

        Assert.Equal(new ChannelResult(false, "There is no channel 'org:7'."), await connection.SubscribeAsync("org:7"));
        Assert.Equal(1, subject.Channels.GetStatistics().Refusals);
    }

    [Fact]
    public async Task A_pattern_without_a_rule_lets_nobody_in()
    {
        await using var subject = new Subject(r => r.AddChannel("project:{id}", _ => { }));
        var (connection, _) = subject.Connect();

        Assert.Equal(new ChannelResult(false, "You may not join channel 'project:7'."), await connection.SubscribeAsync("project:7"));
    }

    [Fact]
    public async Task Anonymous_clients_join_only_what_allows_anyone()
    {
        await using var subject = new Subject(r => r
            .AddChannel("open", c => c.AllowAnyone())
            .AddChannel("members", c => c.AllowAuthenticated()));
        var (anonymous, _) = subject.Connect(user: null);
        var (ann, _) = subject.Connect("ann");

        Assert.True((await anonymous.SubscribeAsync("open")).Succeeded);
        Assert.False((await anonymous.SubscribeAsync("members")).Succeeded);
        Assert.True((await ann.SubscribeAsync("members")).Succeeded);
    }

    [Fact]
    public async Task A_rule_sees_who_asks_for_what_and_all_rules_must_agree()
    {
        await using var subject = new Subject(r => r.AddChannel("user:{id}", c => c
            .AllowAuthenticated()
            .Authorize(access => access is { Channel: "user:ann", Operation: ChannelOperation.Subscribe } && access["id"] == access.UserId)));

        Assert.True((await subject.Connect("ann").Connection.SubscribeAsync("user:ann")).Succeeded);
        Assert.False((await subject.Connect("bob").Connection.SubscribeAsync("user:ann")).Succeeded);
        Assert.False((await subject.Connect("bob").Connection.SubscribeAsync("user:bob")).Succeeded);
    }

    [Fact]
    public async Task A_rule_has_a_scope_of_services_that_ends_with_it()
    {
        Subject.ScopedProbe? probe = null;
        await using var subject = new Subject(r => r.AddChannel("a", c => c.Authorize((access, _) =>
        {
            probe = access.Services.GetRequiredService<Subject.ScopedProbe>();
            Assert.False(probe.IsDisposed);
            return ValueTask.FromResult(true);
        })));

        Assert.True((await subject.Connect().Connection.SubscribeAsync("a")).Succeeded);
        Assert.True(probe!.IsDisposed);
    }

    [Fact]
    public async Task A_rule_that_throws_denies()
    {
        await using var subject = new Subject(r => r.AddChannel("a", c => c.Authorize((_, _) => throw new InvalidOperationException("no database"))));
        var (connection, _) = subject.Connect();

        var result = await connection.SubscribeAsync("a");

        Assert.False(result.Succeeded);
        Assert.DoesNotContain("database", result.Reason, StringComparison.Ordinal);
        Assert.Equal(0, subject.Channels.GetStatistics().Subscriptions);
    }

    [Fact]
    public async Task Clients_publish_only_where_a_rule_lets_them()
    {
        await using var subject = new Subject(r => r
            .AddChannel("news", c => c.AllowAnyone())
            .AddChannel("chat:{room}", c => c.AllowAnyone().AuthorizePublish(access => access.Operation == ChannelOperation.Publish && access.UserId == "ann").ClientMessageName("said")));
        var (_, reader) = await subject.JoinAsync("chat:1");
        var types = new List<string>();
        await using var local = subject.Channels.Subscribe("chat:1", (publication, _) => { types.Add(publication.Type); return default; });

        Assert.Equal("You may not publish to channel 'news'.", (await subject.Connect("ann").Connection.PublishAsync("news", Hello)).Reason);
        Assert.Equal("You may not publish to channel 'chat:1'.", (await subject.Connect("bob").Connection.PublishAsync("chat:1", Hello)).Reason);
        Assert.Equal("There is no channel 'club'.", (await subject.Connect("ann").Connection.PublishAsync("club", Hello)).Reason);
        Assert.Equal("The message is missing.", (await subject.Connect("ann").Connection.PublishAsync("chat:1", default)).Reason);
        Assert.True((await subject.Connect("ann").Connection.PublishAsync("chat:1", Hello)).Succeeded);

        Assert.Equal("chat:1=\"hello\"", await reader.NextAsync());
        await local.DisposeAsync();
        Assert.All(types, type => Assert.Equal("said", type));
    }

    [Fact]
    public async Task A_client_message_above_the_channels_limit_is_refused_with_the_limit()
    {
        await using var subject = new Subject(r => r.AddChannel("chat", c => c.AllowAnyone().AuthorizePublish(_ => true).MaximumMessageBytes(10)));
        var (connection, _) = subject.Connect();

        var result = await connection.PublishAsync("chat", JsonSerializer.SerializeToElement("more than ten"));

        Assert.Equal("The message is larger than the 10 bytes that channel 'chat' takes.", result.Reason);
    }

    [Fact]
    public async Task A_user_whose_subscription_is_revoked_is_told_and_receives_no_more()
    {
        await using var subject = new Subject(r => r.AddChannel("project:{id}", c => c.AllowAuthenticated()));
        var (_, ann) = await subject.JoinAsync("project:1", "ann");
        var (_, bob) = await subject.JoinAsync("project:1", "bob");

        await subject.Channels.RevokeAsync("project:1", "ann", "You left the project.");
        await subject.Channels.PublishAsync("project:1", 1);

        Assert.Equal("project:1=1", await bob.NextAsync());
        Assert.Equal("project:1!You left the project.", await ann.NextAsync());
        Assert.Equal(1, subject.Channels.GetStatistics().Subscriptions);
        Assert.Equal(0, ann.Waiting);
    }
}
