namespace Millrace.Redis.Tests.Commands;

public sealed class ScanTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task All_keys_of_a_pattern_come(string server)
    {
        var client = await ConnectAsync(server);
        var keys = Enumerable.Range(0, 500).Select(i => Key($"s{i}")).ToArray();
        await client.MSetAsync([.. keys.Select(static key => (key, (RedisArgument)"1"))]);
        await client.HSetAsync(Key("h"), "a", "1");
        var expected = keys.Select(static key => key.ToString()).Order(StringComparer.Ordinal).ToArray();
        var found = await AllAsync(client.ScanAsync(Prefix + "s*", count: 50));
        Assert.Equal(expected, found.Select(Text).Distinct().Order(StringComparer.Ordinal));
        found = await AllAsync(client.ScanAsync(Prefix + "*", count: 1000, type: "hash"));
        Assert.Equal(Key("h").ToString(), Assert.Single(found.Select(Text).Distinct()));
        Assert.Empty(await AllAsync(client.ScanAsync(Prefix + "none*", count: 1000)));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Pages_come_one_by_one_those_without_a_key_too(string server)
    {
        var client = await ConnectAsync(server);
        var keys = Enumerable.Range(0, 500).Select(i => Key($"p{i}")).ToArray();
        await client.MSetAsync([.. keys.Select(static key => (key, (RedisArgument)"1"))]);
        await client.SetAsync(Key("alone"), "1");

        var pages = await AllAsync(client.ScanPagesAsync(Prefix + "p*", count: 20));
        Assert.Equal(keys.Select(static key => key.ToString()).Order(StringComparer.Ordinal), pages.SelectMany(static page => page).Select(Text).Distinct().Order(StringComparer.Ordinal));
        Assert.True(pages.Count >= 10, $"{pages.Count} pages"); // a page has some more than it was asked for, on a cluster's three servers each
        pages = await AllAsync(client.ScanPagesAsync(Prefix + "alone", count: 20));
        Assert.Equal(Key("alone").ToString(), Text(Assert.Single(pages.SelectMany(static page => page))));
        Assert.Contains(pages, static page => page.Count == 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => client.ScanPagesAsync(count: 0));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task All_fields_and_members_come(string server)
    {
        var client = await ConnectAsync(server);
        var numbers = Enumerable.Range(0, 1000).ToArray();
        await client.HSetAsync(Key("h"), [.. numbers.Select(static i => ((RedisArgument)$"f{i}", (RedisArgument)$"v{i}"))]);
        await client.SAddAsync(Key("s"), [.. numbers.Select(static i => (RedisArgument)$"m{i}")]);
        await client.ZAddAsync(Key("z"), [.. numbers.Select(static i => ((RedisArgument)$"m{i}", (double)i))]);

        var fields = await AllAsync(client.HScanAsync(Key("h"), count: 100));
        Assert.Equal(numbers.Select(static i => ($"f{i}", $"v{i}")).Order(), Pairs([.. fields]).Distinct().Order());
        var members = await AllAsync(client.SScanAsync(Key("s"), count: 100));
        Assert.Equal(numbers.Select(static i => $"m{i}").Order(StringComparer.Ordinal), members.Select(Text).Distinct().Order(StringComparer.Ordinal));
        var scored = await AllAsync(client.ZScanAsync(Key("z"), count: 100));
        Assert.Equal(numbers.Select(static i => ($"m{i}", (double)i)).Order(), Pairs([.. scored]).Distinct().Order());

        ListAssert.Equal(["f7"], (await AllAsync(client.HScanAsync(Key("h"), "f7", 2000))).Select(static field => field.NameText).Distinct());
        ListAssert.Equal(["m7"], (await AllAsync(client.SScanAsync(Key("s"), "m7", 2000))).Select(Text).Distinct());
        ListAssert.Equal([7.0], (await AllAsync(client.ZScanAsync(Key("z"), "m7", 2000))).Select(static value => value.Score).Distinct());
        Assert.Empty(await AllAsync(client.HScanAsync(Key("none"))));
        Assert.Empty(await AllAsync(client.SScanAsync(Key("none"))));
        Assert.Empty(await AllAsync(client.ZScanAsync(Key("none"))));
    }

    [Fact]
    public async Task A_scan_can_be_given_up_and_begun_again()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        await client.SAddAsync(Key(), [.. Enumerable.Range(0, 1000).Select(static i => (RedisArgument)$"m{i}")]);
        using var stop = new CancellationTokenSource();
        var members = client.SScanAsync(Key(), count: 10, cancellationToken: stop.Token);
        Assert.Equal(1000, (await AllAsync(members)).Select(Text).Distinct().Count());
        Assert.Equal(1000, (await AllAsync(members)).Select(Text).Distinct().Count());
        var seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var member in members)
            {
                if (++seen == 5)
                {
                    await stop.CancelAsync();
                }
            }
        });
        Assert.InRange(seen, 5, 999);
    }

    [Fact]
    public async Task A_page_of_nothing_is_refused()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        Assert.Throws<ArgumentOutOfRangeException>(() => client.ScanAsync(count: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => client.HScanAsync(Key(), count: 0));
    }
}
