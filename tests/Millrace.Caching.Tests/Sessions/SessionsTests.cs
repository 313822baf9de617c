using System.Text;
using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Sessions;

/// <summary>What sessions do, in memory and on every server: one suite.</summary>
[Trait("req", "C-20")]
public sealed class SessionsTests(SharedServers servers)
{
    public static TheoryData<string> Stores => SharedServers.Stores;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_session_is_found_by_its_token_on_every_node(string store)
    {
        await using var nodes = await SessionNodes.StartAsync(servers, store, 2);
        var before = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        var made = await nodes[0].CreateAsync("ann", "dark mode"u8.ToArray(), Token);
        for (var i = 0; i < 2; i++)
        {
            var found = await nodes[i].ValidateAsync(made.Token, Token);
            Assert.NotNull(found);
            Assert.Equal((made.Session.Id, "ann", "dark mode"), (found.Id, found.UserId, Encoding.UTF8.GetString(found.Data.Span)));
            Assert.Equal(made.Session.CreatedAt, found.CreatedAt);
            Assert.InRange(found.CreatedAt, before, before.AddMinutes(2));
            Assert.InRange(found.LastSeenAt, found.CreatedAt, before.AddMinutes(2));
            Assert.Equal(found.LastSeenAt.AddHours(1), found.ExpiresAt);
        }
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task What_is_no_token_is_nobody_s(string store)
    {
        await using var nodes = await SessionNodes.StartAsync(servers, store, 1);
        var made = await nodes[0].CreateAsync("ann", default, Token);
        var other = made.Token[0] == 'A' ? 'B' : 'A';
        string?[] bad = [null, "", "x", made.Session.Id, made.Token[1..], made.Token + "A", other + made.Token[1..], made.Token[..63] + "=", new string('A', 64), new string('ä', 64)];

        Assert.All(await nodes[0].ValidateManyAsync(bad, Token), Assert.Null);
        foreach (var token in bad)
        {
            Assert.False(await nodes[0].RevokeAsync(token, Token));
            Assert.False(await nodes[0].SetDataAsync(token, default, Token));
        }

        Assert.NotNull(await nodes[0].ValidateAsync(made.Token, Token));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Tokens_differ_and_are_kept_nowhere(string store)
    {
        await using var nodes = await SessionNodes.StartAsync(servers, store, 1, static o => o.SessionsPerUser = 100);
        var made = new List<NewSession>();
        for (var i = 0; i < 50; i++)
        {
            made.Add(await nodes[0].CreateAsync("ann", default, Token));
        }

        Assert.Equal(50, made.Select(static one => one.Token[..43]).Distinct(StringComparer.Ordinal).Count());
        Assert.All(made, static one => Assert.DoesNotContain(one.Token, $"{one} {one.Session}", StringComparison.Ordinal));
        if (store != SharedServers.Memory)
        {
            var kept = new StringBuilder();
            await foreach (var key in nodes.Clients[0].ScanAsync(nodes.Prefix + "*", cancellationToken: Token))
            {
                kept.Append(Encoding.UTF8.GetString(key)).Append(' ');
                foreach (var field in await nodes.Clients[0].HGetAllAsync(key, Token))
                {
                    kept.Append(Encoding.UTF8.GetString(field.Name)).Append(' ').Append(Encoding.UTF8.GetString(field.Value)).Append(' ');
                }
            }

            Assert.Contains(made[0].Session.Id, kept.ToString(), StringComparison.Ordinal);
            Assert.All(made, one => Assert.DoesNotContain(one.Token[..42], kept.ToString(), StringComparison.Ordinal)); // the random part
        }
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Revoking_ends_one_or_all_or_all_but_one(string store)
    {
        await using var nodes = await SessionNodes.StartAsync(servers, store, 2);
        var (a, b, c) = (await nodes[0].CreateAsync("ann", default, Token), await nodes[1].CreateAsync("ann", default, Token), await nodes[0].CreateAsync("ann", default, Token));
        var (d, bob) = (await nodes[1].CreateAsync("ann", default, Token), await nodes[0].CreateAsync("bob", default, Token));

        Assert.True(await nodes[1].RevokeAsync(a.Token, Token));
        Assert.False(await nodes[0].RevokeAsync(a.Token, Token));
        await AreAsync(null, b.Session.Id, c.Session.Id, d.Session.Id, bob.Session.Id);
        Assert.True(await nodes[0].RevokeAsync("ann", d.Session.Id, Token));
        Assert.False(await nodes[0].RevokeAsync("ann", bob.Session.Id, Token)); // not hers
        Assert.False(await nodes[0].RevokeAsync("ann", "no id", Token));
        await AreAsync(null, b.Session.Id, c.Session.Id, null, bob.Session.Id);
        Assert.Equal(1, await nodes[1].RevokeAllAsync("ann", c.Token, Token));
        await AreAsync(null, null, c.Session.Id, null, bob.Session.Id);
        Assert.Equal(1, await nodes[0].RevokeAllAsync("ann", bob.Token, Token)); // another's token keeps nothing
        Assert.Equal(0, await nodes[0].RevokeAllAsync("ann", cancellationToken: Token));
        await AreAsync(null, null, null, null, bob.Session.Id);

        Task AreAsync(params string?[] expected) => Poll.UntilAsync( // the node that revokes knows at once, the other with the message
            async () =>
            {
                var found = await Task.WhenAll(new[] { nodes[0], nodes[1] }.Select(async node =>
                    (await node.ValidateManyAsync([a.Token, b.Token, c.Token, d.Token, bob.Token], Token)).Select(static session => session?.Id)));
                return found.All(ids => ids.SequenceEqual(expected)) ? null : string.Join(" and ", found.Select(static ids => string.Join(", ", ids)));
            },
            "both nodes agree");
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_user_s_sessions_are_listed_with_their_data(string store)
    {
        await using var nodes = await SessionNodes.StartAsync(servers, store, 1);
        Assert.Empty(await nodes[0].GetActiveAsync("ann", Token));
        var phone = await nodes[0].CreateAsync("ann", "phone"u8.ToArray(), Token);
        var laptop = await nodes[0].CreateAsync("ann", default, Token);
        await nodes[0].CreateAsync("bob", default, Token);
        var list = await nodes[0].GetActiveAsync("ann", Token);

        Assert.Equal(new[] { phone.Session.Id, laptop.Session.Id }.Order(StringComparer.Ordinal), list.Select(static one => one.Id).Order(StringComparer.Ordinal));
        Assert.All(list, static one => Assert.Equal("ann", one.UserId));
        Assert.Equal("phone", Encoding.UTF8.GetString(list.Single(one => one.Id == phone.Session.Id).Data.Span));
        Assert.True(list.Single(one => one.Id == laptop.Session.Id).Data.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Too_many_sessions_of_a_user_end_the_ones_that_began_first(string store)
    {
        await using var nodes = await SessionNodes.StartAsync(servers, store, 2, static o => o.SessionsPerUser = 3);
        var made = new List<NewSession>();
        for (var i = 0; i < 5; i++)
        {
            var last = made.LastOrDefault()?.Session.CreatedAt ?? DateTimeOffset.MinValue;
            await Poll.UntilAsync( // a session of its own millisecond, so that the oldest is known
                async () =>
                {
                    made.Add(await nodes[i % 2].CreateAsync("ann", default, Token));
                    return made[^1].Session.CreatedAt > last ? null : await UndoAsync();
                },
                "a millisecond has passed");
        }

        Assert.Equal(made.Skip(2).Select(static one => one.Session.Id).Reverse(), (await nodes[0].GetActiveAsync("ann", Token)).Select(static one => one.Id));
        await Poll.UntilAsync(
            async () => (await nodes[1].ValidateManyAsync([.. made.Select(static one => one.Token)], Token)).Select(static one => one?.UserId)
                .SequenceEqual([null, null, "ann", "ann", "ann"]) ? null : "it lets in others",
            "the other node has heard");

        async Task<string> UndoAsync()
        {
            await nodes[0].RevokeAsync(made[^1].Token, Token);
            made.RemoveAt(made.Count - 1);
            return "it is the same millisecond";
        }
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Data_can_be_replaced_and_taken_away(string store)
    {
        await using var nodes = await SessionNodes.StartAsync(servers, store, 2);
        var made = await nodes[0].CreateAsync("ann", default, Token);
        byte[] bytes = [0, 255, 10, 13, 0];

        Assert.True(await nodes[0].SetDataAsync(made.Token, bytes, Token));
        Assert.Equal(bytes, (await nodes[0].ValidateAsync(made.Token, Token))!.Data.ToArray());
        Assert.Equal(bytes, (await nodes[1].ValidateAsync(made.Token, Token))!.Data.ToArray()); // which asks: it has not seen the token before
        Assert.True(await nodes[0].SetDataAsync(made.Token, default, Token));
        Assert.True((await nodes[0].ValidateAsync(made.Token, Token))!.Data.IsEmpty);
        await nodes[0].RevokeAsync(made.Token, Token);
        Assert.False(await nodes[0].SetDataAsync(made.Token, bytes, Token));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Users_and_data_are_checked(string store)
    {
        await using var nodes = await SessionNodes.StartAsync(servers, store, 1, static o => o.MaximumDataBytes = 4);
        foreach (var user in new[] { "", new string('x', 257), "half \uD83D" })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await nodes[0].CreateAsync(user, default, Token));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await nodes[0].RevokeAllAsync(user, cancellationToken: Token));
        }

        await Assert.ThrowsAsync<ArgumentException>(async () => await nodes[0].CreateAsync("ann", new byte[5], Token));
        var odd = await nodes[0].CreateAsync("o'{n}:*\n😀", new byte[4], Token);
        await Assert.ThrowsAsync<ArgumentException>(async () => await nodes[0].SetDataAsync(odd.Token, new byte[5], Token));
        Assert.Equal("o'{n}:*\n😀", (await nodes[0].ValidateAsync(odd.Token, Token))!.UserId);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_session_ends_when_it_is_not_used_and_in_any_case_at_its_end(string store)
    {
        await using var nodes = await SessionNodes.StartAsync(
            servers,
            store,
            1,
            static o => (o.SlidingExpiration, o.AbsoluteExpiration, o.ValidationLifetime) = (TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5), TimeSpan.Zero));
        var (used, unused) = (await nodes[0].CreateAsync("ann", default, Token), await nodes[0].CreateAsync("ann", default, Token));
        var started = TimeProvider.System.GetTimestamp();
        await Poll.UntilAsync(
            async () =>
            {
                Assert.NotNull(await nodes[0].ValidateAsync(used.Token, Token));
                return TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(3.5) ? null : "it is too early";
            },
            "the sliding lifetime has passed");
        Assert.Null(await nodes[0].ValidateAsync(unused.Token, Token));
        await Poll.UntilAsync(async () => await nodes[0].ValidateAsync(used.Token, Token) is null ? null : "it lives", "its end has come");
        Assert.Empty(await nodes[0].GetActiveAsync("ann", Token));
        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(4.9));
    }

    /// <summary>Sessions begin and end from all sides; what is listed, validated and revoked agrees in the end, and the bound holds.</summary>
    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Many_tasks_on_several_nodes_never_exceed_the_bound_or_bring_back_what_was_revoked(string store)
    {
        const int Seed = 5;
        await using var nodes = await SessionNodes.StartAsync(servers, store, 3, static o => o.SessionsPerUser = 5);
        var tokens = await Task.WhenAll(Enumerable.Range(0, 9).Select(async task =>
        {
            var (random, mine) = (new Random(Seed + task), new List<string>());
            for (var i = 0; i < 40; i++)
            {
                var node = nodes[random.Next(3)];
                switch (random.Next(4))
                {
                    case 0 when mine.Count > 0:
                        var gone = mine[random.Next(mine.Count)];
                        await node.RevokeAsync(gone, Token);
                        Assert.Null(await node.ValidateAsync(gone, Token));
                        break;
                    case 1 when mine.Count > 0:
                        await node.ValidateAsync(mine[random.Next(mine.Count)], Token);
                        break;
                    case 2 when random.Next(5) == 0:
                        await node.RevokeAllAsync("ann", mine.LastOrDefault(), Token);
                        break;
                    default:
                        mine.Add((await node.CreateAsync("ann", default, Token)).Token);
                        Assert.InRange((await node.GetActiveAsync("ann", Token)).Count, 0, 5);
                        break;
                }
            }

            return mine;
        }));
        var listed = (await nodes[0].GetActiveAsync("ann", Token)).Select(static one => one.Id).Order(StringComparer.Ordinal);
        await Poll.UntilAsync(
            async () => (await nodes[0].ValidateManyAsync([.. tokens.SelectMany(static some => some)], Token)).OfType<CacheSession>()
                .Select(static one => one.Id).Order(StringComparer.Ordinal).SequenceEqual(listed) ? null : "it lets in others",
            "what is listed is what is let in");
    }
}
