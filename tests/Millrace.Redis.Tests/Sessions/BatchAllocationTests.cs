using System.Diagnostics.CodeAnalysis;

namespace Millrace.Redis.Tests.Sessions;

/// <summary>Alone, because what other tests allocate would count.</summary>
[Collection(HeavyCollection.Name)]
[SuppressMessage("Reliability", "CA2012", Justification = "What a batch gives is awaited once, after the batch.")]
public sealed class BatchAllocationTests(SharedRedis redis)
{
    [Fact]
    public async Task A_batch_that_is_kept_allocates_nothing_of_its_own()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        using var batch = client.CreateBatch();
        var key = SessionClients.Key("value");
        await client.SetAsync(key, new byte[100]);
        var memory = new byte[100].AsMemory();
        var tasks = new ValueTask<int>[100];
        async Task RunAsync(int rounds)
        {
            for (var round = 0; round < rounds; round++)
            {
                for (var i = 0; i < tasks.Length; i++)
                {
                    tasks[i] = batch.GetAsync(key, memory);
                }

                await batch.ExecuteAsync();
                foreach (var task in tasks)
                {
                    await task;
                }
            }
        }

        await RunAsync(200);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await RunAsync(20);
        var each = (GC.GetTotalAllocatedBytes(precise: true) - before) / 2000.0;

        Assert.True(each <= 50, $"{each} bytes were allocated for each command.");
    }
}
