using Millrace.Caching.Tests.Sharing;
using Millrace.Redis;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Sessions;

/// <summary>What a node remembers of tokens, and when it must not.</summary>
[Trait("req", "C-20")]
public sealed class SessionTrustTests : ServerTests
{
    private readonly LogList _log = new();

    [Fact]
    public async Task A_good_token_is_let_in_without_asking_again_for_as_long_as_the_option_says()
    {
        var (client, clock) = (await ConnectAsync(), new FakeClock());
        await using var sessions = SessionCache.InRedis(client, timeProvider: clock);
        var made = await sessions.CreateAsync("ann", cancellationToken: Token);
        await RememberedAsync(sessions, made.Token);
        for (var second = 0; second < 9 * 60; second++)
        {
            await AdvanceAsync(clock, sessions, made.Token);
        }

        await Poll.UntilAsync(() => Task.FromResult(sessions.IsTrusted ? null : "the beat is not back"), "the beat is back");
        Assert.Equal(0, await AsksAsync(() => sessions.ValidateAsync(made.Token, Token)));
        for (var second = 0; second < 61; second++)
        {
            await AdvanceAsync(clock, sessions, null);
        }

        await Poll.UntilAsync(() => Task.FromResult(sessions.IsTrusted ? null : "the beat is not back"), "the beat is back");
        Assert.Equal(1, await AsksAsync(() => sessions.ValidateAsync(made.Token, Token)));
        Assert.Equal(0, await AsksAsync(() => sessions.ValidateAsync(made.Token, Token)));
    }

    [Fact]
    public async Task A_revocation_on_one_node_is_heard_by_all_that_remember()
    {
        var clients = new[] { await ConnectAsync(), await ConnectAsync(), await ConnectAsync() };
        await using var a = SessionCache.InRedis(clients[0]);
        await using var b = SessionCache.InRedis(clients[1]);
        await using var c = SessionCache.InRedis(clients[2]);
        SessionCache[] nodes = [a, b, c];
        for (var round = 0; round < 3; round++)
        {
            var (one, other) = (await a.CreateAsync("ann", cancellationToken: Token), await a.CreateAsync("ann", cancellationToken: Token));
            for (var i = 0; i < 3; i++)
            {
                await RememberedAsync(nodes[i], one.Token);
                await RememberedAsync(nodes[i], other.Token);
            }

            if (round == 0)
            {
                await b.RevokeAllAsync("ann", other.Token, Token);
            }
            else
            {
                await b.RevokeAsync(one.Token, Token);
            }

            Assert.Null(await b.ValidateAsync(one.Token, Token)); // here at once, elsewhere with the message
            await Poll.UntilAsync(async () => await a.ValidateAsync(one.Token, Token) is null && await c.ValidateAsync(one.Token, Token) is null ? null : "it is let in", "all have heard");
            foreach (var node in nodes)
            {
                Assert.NotNull(await node.ValidateAsync(other.Token, Token));
            }

            await c.RevokeAsync(other.Token, Token);
        }
    }

    [Fact]
    public async Task New_data_is_heard_and_so_is_a_session_that_had_to_make_room()
    {
        var clients = new[] { await ConnectAsync(), await ConnectAsync() };
        var options = new SessionCacheOptions { SessionsPerUser = 1 };
        await using var a = SessionCache.InRedis(clients[0], options);
        await using var b = SessionCache.InRedis(clients[1], options);
        var first = await a.CreateAsync("ann", cancellationToken: Token);
        await RememberedAsync(a, first.Token);
        await b.SetDataAsync(first.Token, new byte[] { 7 }, Token);
        await Poll.UntilAsync(async () => (await a.ValidateAsync(first.Token, Token))!.Data.Length == 1 ? null : "it is the old data", "the data is heard of");
        await RememberedAsync(a, first.Token);
        await b.CreateAsync("ann", cancellationToken: Token);
        await Poll.UntilAsync(async () => await a.ValidateAsync(first.Token, Token) is null ? null : "it is let in", "the end is heard of");
    }

    [Fact]
    public async Task A_node_whose_channel_is_dead_without_a_sign_stops_to_remember_after_ten_seconds()
    {
        var (client, clock) = (await ConnectAsync(), new FakeClock());
        await using var sessions = SessionCache.InRedis(client, timeProvider: clock);
        var made = await sessions.CreateAsync("ann", cancellationToken: Token);
        await RememberedAsync(sessions, made.Token);
        await Server.PauseAsync(); // connections stay open, nothing comes
        clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.NotNull(await sessions.ValidateAsync(made.Token, Token));
        clock.Advance(TimeSpan.FromSeconds(0.1));
        var asking = sessions.ValidateAsync(made.Token, Token).AsTask();
        Assert.False(asking.IsCompleted);
        await Server.ResumeAsync();
        Assert.NotNull(await asking);
    }

    [Fact]
    public async Task A_node_whose_channel_was_cut_forgets_and_hears_again()
    {
        var (client, other) = (await ConnectAsync(), await ConnectAsync());
        await using var sessions = SessionCache.InRedis(client, logger: _log);
        await using var revoking = SessionCache.InRedis(other);
        for (var round = 0; round < 3; round++)
        {
            var made = await sessions.CreateAsync("ann", cancellationToken: Token);
            await RememberedAsync(sessions, made.Token);
            await Server.CommandAsync("FLUSHALL"); // an end that no message tells, as one that falls between two connections
            await Server.CommandAsync("CLIENT", "KILL", "TYPE", "pubsub");
            await Poll.UntilAsync(
                async () => await sessions.ValidateAsync(made.Token, Token) is null && sessions.IsTrusted ? null : "it is let in, or the beat is not back",
                "nothing is remembered from before");
            Assert.Null(await sessions.ValidateAsync(made.Token, Token));

            made = await sessions.CreateAsync("ann", cancellationToken: Token);
            await RememberedAsync(sessions, made.Token);
            await revoking.RevokeAsync(made.Token, Token);
            await Poll.UntilAsync(async () => await sessions.ValidateAsync(made.Token, Token) is null ? null : "it is let in", "the revocation is heard");
        }

        Assert.Equal([1126], _log.Ids); // subscribed once; the client does the rest
    }

    [Fact]
    public async Task Without_the_right_to_the_channel_nothing_is_remembered_and_nothing_revoked_in_silence()
    {
        await Server.CommandAsync("ACL", "SETUSER", "deaf", "on", "nopass", "~*", "+@all", "resetchannels");
        var options = RedisOptions.Parse($"redis://deaf:any@{Server.Address}");
        options.CommandTimeout = TimeSpan.FromSeconds(30);
        await using var client = await RedisClient.ConnectAsync(options, Token);
        await using var sessions = SessionCache.InRedis(client, logger: _log);
        var made = await sessions.CreateAsync("ann", cancellationToken: Token);
        await sessions.ValidateAsync(made.Token, Token);
        await Poll.UntilAsync(() => Task.FromResult(_log.Ids.Contains(1125) ? null : "nothing was logged"), "the loss is told");
        for (var i = 0; i < 5; i++)
        {
            Assert.True(await AsksAsync(() => sessions.ValidateAsync(made.Token, Token)) > 0);
        }

        await Assert.ThrowsAsync<RedisServerException>(async () => await sessions.RevokeAsync(made.Token, Token));
        Assert.NotNull(await sessions.ValidateAsync(made.Token, Token)); // told that it failed, and it did
        Assert.Single(_log.Ids, 1125);
        Assert.DoesNotContain(_log.Texts, text => text.Contains(made.Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task When_Redis_is_away_nobody_is_signed_out()
    {
        var client = await ConnectAsync(TimeSpan.FromMilliseconds(300));
        await using var sessions = SessionCache.InRedis(client, new SessionCacheOptions { ValidationLifetime = TimeSpan.Zero });
        var made = await sessions.CreateAsync("ann", cancellationToken: Token);
        await Server.PauseAsync();

        await Assert.ThrowsAnyAsync<RedisException>(async () => await sessions.ValidateAsync(made.Token, Token));
        await Server.ResumeAsync();
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    return await sessions.ValidateAsync(made.Token, Token) is null ? "it is gone" : null;
                }
                catch (RedisException notYet)
                {
                    return notYet.Message;
                }
            },
            "it is let in again");
    }

    [Fact]
    public async Task Whoever_asks_for_one_token_at_once_asks_once_and_many_tokens_are_one_write()
    {
        var client = await ConnectAsync();
        await using var sessions = SessionCache.InRedis(client);
        var made = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            made.Add((await sessions.CreateAsync("ann", cancellationToken: Token)).Token);
        }

        await RememberedAsync(sessions, made[0]);
        Assert.Equal(1, await AsksAsync(async () => (await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => sessions.ValidateAsync(made[1], Token).AsTask())))[0]));
        Assert.Equal(18, await AsksAsync(async () => (await sessions.ValidateManyAsync([.. made], Token))[0]));
        Assert.Equal(0, await AsksAsync(async () => (await sessions.ValidateManyAsync([.. made], Token))[0]));
    }

    [Fact]
    public async Task Damaged_entries_let_nobody_in()
    {
        var client = await ConnectAsync();
        await using var sessions = SessionCache.InRedis(client);
        foreach (var damage in new[] { "", "x", "1:2:3", "1:2:3:4:5", "-1:1:99999999999999:9999999", "1:1:99999999999999999999:99999999999999999999", "1e3:1:2:3" })
        {
            var made = await sessions.CreateAsync("ann", cancellationToken: Token);
            var key = System.Text.Encoding.UTF8.GetString((await client.ScanAsync("cache:!session:*", cancellationToken: Token).ToListAsync(Token)).Single());
            await client.HSetAsync(key, made.Session.Id, damage, Token);

            Assert.Null(await sessions.ValidateAsync(made.Token, Token));
            Assert.Empty(await sessions.GetActiveAsync("ann", Token));
            await sessions.RevokeAllAsync("ann", cancellationToken: Token);
            Assert.False(await client.HExistsAsync(key, made.Session.Id, Token));
        }
    }

    /// <summary>A second passes, and what it makes happen on the channel has happened.</summary>
    private static async Task AdvanceAsync(FakeClock clock, SessionCache sessions, string? token)
    {
        clock.Advance(TimeSpan.FromSeconds(1));
        if (clock.GetUtcNow().Second % 3 == 0)
        {
            await Poll.UntilAsync(() => Task.FromResult(sessions.IsTrusted ? null : "the beat is not back"), "the beat is back");
        }

        if (token is not null)
        {
            Assert.NotNull(await sessions.ValidateAsync(token, Token));
        }
    }

    private Task RememberedAsync(SessionCache sessions, string token) => Poll.UntilAsync(
        async () => sessions.IsTrusted && await AsksAsync(() => sessions.ValidateAsync(token, Token)) == 0 ? null : "it asks", "the node remembers");

    /// <summary>How many scripts the server ran for a call; beats are none.</summary>
    private async Task<long> AsksAsync(Func<ValueTask<CacheSession?>> call)
    {
        var before = await ScriptsAsync();
        Assert.NotNull(await call());
        return await ScriptsAsync() - before;
    }

    private async Task<long> ScriptsAsync()
    {
        var calls = (await Server.InfoAsync("commandstats")).GetValueOrDefault("cmdstat_evalsha", "calls=0,");
        return long.Parse(calls["calls=".Length..calls.IndexOf(',', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
    }
}
