namespace Millrace.Redis.Tests.Commands;

/// <summary>What commands do with keys that lie on several nodes.</summary>
public sealed class ClusterCommandTests(SharedCluster shared) : IAsyncDisposable
{
    private readonly string _prefix = $"{Guid.NewGuid():N}:";
    private RedisClient? _client;

    private RedisKey[] Keys => [.. Enumerable.Range(0, 100).Select(i => new RedisKey($"{_prefix}{i}"))];

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Several_keys_are_written_read_counted_and_removed_in_every_slot()
    {
        var client = await ConnectAsync();
        var keys = Keys;
        await client.MSetAsync([.. keys.Select(static (key, i) => (key, (RedisArgument)i)), (keys[7], "last")]);
        var values = await client.MGetAsync([.. keys, _prefix + "none", keys[0]]);
        var expected = Enumerable.Range(0, 100).Select(static i => i == 7 ? "last" : $"{i}").Append(null).Append("0");
        Assert.Equal(expected, values.Select(static value => value is null ? null : System.Text.Encoding.UTF8.GetString(value)));
        Assert.Equal(101, await client.ExistsAsync([.. keys, keys[3], _prefix + "none"]));
        Assert.Equal(100, await client.TouchAsync(keys));
        Assert.Equal(50, await client.DelAsync(keys.AsSpan(0, 50)));
        Assert.Equal(50, await client.UnlinkAsync(keys));
        Assert.Equal(0, await client.ExistsAsync(keys));
    }

    [Fact]
    public async Task A_command_that_cannot_be_split_is_refused_before_it_is_sent()
    {
        var client = await ConnectAsync();
        var error = await Assert.ThrowsAsync<RedisException>(async () => await client.MSetNxAsync([(_prefix + "a", "1"), (_prefix + "b", "2")]));
        Assert.Contains("MSETNX", error.Message, StringComparison.Ordinal);
        Assert.Contains("hash tag", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RedisException>(async () => await client.RenameAsync(_prefix + "a", _prefix + "b"));
        await Assert.ThrowsAsync<RedisException>(async () => await client.SUnionAsync([_prefix + "a", _prefix + "b"]));
        Assert.True(await client.MSetNxAsync([($"{{{_prefix}}}a", "1"), ($"{{{_prefix}}}b", "2")]));
    }

    [Fact]
    public async Task A_split_command_whose_token_is_cancelled_ends_so_and_harms_no_later_one()
    {
        var client = await ConnectAsync();
        var keys = Keys;
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await client.MGetAsync(keys, stop.Token));
        Assert.Equal(100, (await client.MGetAsync(keys)).Length);
    }

    [Fact]
    public async Task A_batch_splits_commands_and_a_transaction_refuses_them()
    {
        var client = await ConnectAsync();
        var keys = Keys;
        using var batch = client.CreateBatch();
        var written = batch.MSetAsync([.. keys.Select(static key => (key, (RedisArgument)"1"))]);
        var read = batch.MGetAsync(keys);
        await batch.ExecuteAsync();
        await written;
        Assert.All(await read, static value => Assert.Equal("1"u8.ToArray(), value));

        using var transaction = client.CreateTransaction();
        var error = await Assert.ThrowsAsync<RedisException>(async () => await transaction.MGetAsync(keys));
        Assert.Contains("hash tag", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scan_sees_the_keys_of_every_node()
    {
        var client = await ConnectAsync();
        var keys = Keys;
        await client.MSetAsync([.. keys.Select(static (key, i) => (key, (RedisArgument)i))]);
        HashSet<string> found = [];
        await foreach (var key in client.ScanAsync(_prefix + "*", count: 500))
        {
            found.Add(System.Text.Encoding.UTF8.GetString(key));
        }

        Assert.Equal(keys.Select(static key => key.ToString()).Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        Assert.True(await client.DbSizeAsync() >= 100);
    }

    [Fact]
    public async Task Keys_without_a_node_of_their_own_find_one()
    {
        var client = await ConnectAsync();
        await client.PingAsync();
        Assert.True((await client.InfoAsync("cluster")).ContainsKey("cluster_enabled"));
        Assert.Equal(0, await client.SPublishAsync(_prefix + "channel", "hello"));
        await client.SetAsync(_prefix + "a", "1");
        Assert.Equal(1, await client.WaitAsync(_prefix + "a", 1, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task A_client_that_has_not_connected_yet_does_so_first()
    {
        var keys = Keys;
        await (await ConnectAsync()).MSetAsync([.. keys.Select(static key => (key, (RedisArgument)"1"))]);
        await using (var first = RedisClient.Create(await OptionsAsync(), services: null))
        {
            Assert.True(await first.DbSizeAsync() >= 100);
        }

        await using (var second = RedisClient.Create(await OptionsAsync(), services: null))
        {
            var values = await second.MGetAsync(keys);
            Assert.All(values, static value => Assert.Equal("1"u8.ToArray(), value));
        }

        await using (var third = RedisClient.Create(await OptionsAsync(), services: null))
        {
            await using var scan = third.ScanAsync(_prefix + "*").GetAsyncEnumerator();
            Assert.True(await scan.MoveNextAsync());
        }
    }

    private async Task<RedisClient> ConnectAsync() => _client = await RedisClient.ConnectAsync(await OptionsAsync());

    private async Task<RedisOptions> OptionsAsync()
    {
        var cluster = await shared.GetAsync();
        var options = RedisOptions.Parse(cluster.Nodes[0].Server.Address);
        options.Topology = RedisTopology.Cluster;
        options.CommandTimeout = TimeSpan.FromSeconds(30);
        return options;
    }
}
