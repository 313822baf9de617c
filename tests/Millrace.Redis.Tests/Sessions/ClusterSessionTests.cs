using System.Diagnostics.CodeAnalysis;

namespace Millrace.Redis.Tests.Sessions;

[SuppressMessage("Reliability", "CA2012", Justification = "What a batch or a transaction gives is awaited once, after it; what throws gives nothing.")]
public sealed class ClusterSessionTests(SharedCluster shared)
{
    private static readonly RedisScript Count = new("return redis.call('INCR', KEYS[1]) -- of the cluster's tests", 1);

    [Fact]
    public async Task A_command_without_a_marked_key_is_refused_unless_it_needs_none()
    {
        await using var client = await ConnectAsync();
        var key = SessionClients.Key("n");

        var refusal = Assert.Throws<RedisException>(() => { _ = client.ExecuteAsync("INCR", key); });
        Assert.Contains("new RedisKey", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("PONG", (await client.ExecuteAsync("PING")).AsString());
        Assert.Equal(1, (await client.ExecuteAsync("INCR", new RedisKey(key))).AsInt64());
    }

    [Fact]
    public async Task A_batch_runs_commands_and_scripts_on_all_nodes_in_each_keys_order()
    {
        await using var client = await ConnectAsync();
        using var batch = client.CreateBatch();
        var keys = Enumerable.Range(0, 200).Select(static i => SessionClients.Key($"k{i}")).ToArray();
        var scripts = new ValueTask<RedisReply>[keys.Length];
        var reads = new ValueTask<RedisReply>[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            _ = batch.SetAsync(keys[i], i);
            scripts[i] = batch.EvaluateAsync(Count, [keys[i]], []);
            reads[i] = batch.ExecuteAsync("GET", new RedisKey(keys[i]));
        }

        await batch.ExecuteAsync();

        for (var i = 0; i < keys.Length; i++)
        {
            Assert.Equal((i + 1, i + 1), ((await scripts[i]).AsInt64(), (await reads[i]).AsInt64()));
        }
    }

    [Fact]
    public async Task A_transaction_runs_on_the_node_of_its_keys_and_refuses_keys_of_others()
    {
        await using var client = await ConnectAsync();
        foreach (var tag in new[] { "a", "b", "c", "d", "e", "f" })
        {
            var key = $"{{{tag}}}{SessionClients.Key("n")}";
            using var transaction = client.CreateTransaction();
            var count = transaction.EvaluateAsync(Count, [key], []);
            Assert.Throws<RedisException>(() => { _ = transaction.GetAsync("{z}" + key); });

            Assert.True(await transaction.ExecuteAsync());
            Assert.Equal(1, (await count).AsInt64());
        }
    }

    [Fact]
    public async Task A_wait_is_on_the_node_of_its_key_and_is_cancelled_there()
    {
        await using var client = await ConnectAsync();
        for (var i = 0; i < 10; i++)
        {
            var key = SessionClients.Key("list");
            using var cancel = new CancellationTokenSource();
            var waiting = client.BLPopAsync(key, Timeout.InfiniteTimeSpan).AsTask();
            var cancelled = client.BLPopAsync(key + "-", Timeout.InfiniteTimeSpan, cancel.Token).AsTask();
            await client.RPushAsync(key, "x");
            await cancel.CancelAsync();

            Assert.Equal("x"u8.ToArray(), await waiting.WaitAsync(SessionClients.Limit));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(SessionClients.Limit));
        }
    }

    [Fact]
    public async Task A_lease_of_a_key_is_on_its_node()
    {
        await using var client = await ConnectAsync();
        for (var i = 0; i < 10; i++)
        {
            var key = SessionClients.Key("k");
            await using var own = await client.LeaseAsync(key);

            Assert.Equal(1, (await own.ExecuteAsync("INCR", new RedisKey(key))).AsInt64());
        }
    }

    private async Task<RedisClient> ConnectAsync()
    {
        var cluster = await shared.GetAsync();
        return await SessionClients.ConnectAsync(cluster.Nodes[0].Server);
    }
}
