using System.Globalization;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>What tests read of the store's own keys.</summary>
internal static class RedisStoreState
{
    /// <summary>Waits until a worker found too little in the queue, and listens to this server.</summary>
    public static Task UntilAsleepAsync(this RedisServer server, string prefix, string queue = "default") => Poll.UntilAsync(
        async () =>
        {
            var asleep = (await server.CommandAsync("HGET", $"{prefix}:{{q:{queue}}}:meta", "asleep")).Text;
            var listeners = (await server.CommandAsync("PUBSUB", "NUMSUB", $"{prefix}:{{q:{queue}}}:meta:wake"))[1].Number;
            return asleep is not null && listeners > 0 ? null : string.Create(CultureInfo.InvariantCulture, $"asleep is {asleep ?? "not set"}, {listeners} listen");
        },
        "a worker waits for work");

    public static NewJob Job(string id, TimeSpan? delay = null, string queue = "default", int maxAttempts = 3) => new()
    {
        Id = id,
        Queue = queue,
        Type = "work",
        Payload = System.Text.Encoding.UTF8.GetBytes($$"""{"name":"{{id}}"}"""),
        Delay = delay,
        MaxAttempts = maxAttempts,
    };

    /// <summary>Enqueues a job until the store says that it has it: with one id that is safe to repeat.</summary>
    public static async Task StoreAsync(this JobStore store, NewJob job)
    {
        while (true)
        {
            try
            {
                await store.EnqueueAsync([job], 1_000_000, TestContext.Current.CancellationToken);
                return;
            }
            catch (Exception error) when (error is Millrace.Redis.RedisException or IOException)
            {
                await Turn.NextAsync();
            }
        }
    }
}
