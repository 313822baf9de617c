using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Push;

/// <summary>When an invalidation is told, the replies before it have completed their tasks, and those after it have not.</summary>
public sealed class PushOrderTests
{
    private const int Limit = 120_000;

    private static readonly FakeReply Scripted = FakeReply.Bulk("first")
        .Then(FakeReply.Push(FakeReply.Bulk("invalidate"), FakeReply.Array(FakeReply.Bulk("key"))))
        .Then(FakeReply.Bulk("second"));

    [Fact(Timeout = Limit)]
    public async Task Wherever_the_network_splits_reply_push_and_reply_they_are_handled_in_order()
    {
        await using var fake = FakeRedis.Start(static (connection, command) => Answer(connection, command));
        await using var client = await ConnectAsync(fake);
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);

        for (var split = 0; split <= Scripted.Bytes.Length; split++)
        {
            var asked = (split + 1) * 2;
            await CheckAsync(client, handler, async () =>
            {
                await fake.WaitUntilAsync(() => fake.Connections[^1].Commands.Count(static command => FakeConnection.Is(command, "GET")) == asked, "both commands");
                await fake.Connections[^1].SendAsync(FakeReply.Raw(Scripted.Bytes[..split]));
                await fake.Connections[^1].SendAsync(FakeReply.Raw(Scripted.Bytes[split..]));
            });
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Byte_by_byte_they_are_handled_in_order()
    {
        await using var fake = FakeRedis.Start(static (connection, command) =>
            FakeConnection.Is(command, "GET") && command[1] == "b" ? Scripted : Answer(connection, command));
        fake.SplitsBytes = true;
        await using var client = await ConnectAsync(fake);
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);

        for (var round = 0; round < 20; round++)
        {
            await CheckAsync(client, handler, static () => Task.CompletedTask);
        }
    }

    /// <summary>Sends two reads, and looks at their tasks while the push between their replies is told.</summary>
    private static async Task CheckAsync(RedisClient client, RecordingHandler handler, Func<Task> script)
    {
        var seen = new TaskCompletionSource<(bool First, bool Second)>(TaskCreationOptions.RunContinuationsAsynchronously);
        Func<(bool First, bool Second)> look = static () => default;
        using var ready = new ManualResetEventSlim();
        handler.Invalidated = _ =>
        {
            ready.Wait(TimeSpan.FromSeconds(30)); // the test alone may hold up the connection's thread: until it has both tasks
            seen.TrySetResult(Volatile.Read(ref look)());
        };

        var first = client.GetAsync("a");
        var second = client.GetAsync("b");
        Volatile.Write(ref look, () => (first.IsCompleted, second.IsCompleted));
        ready.Set();
        await script();

        Assert.Equal((true, false), await seen.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("first"u8.ToArray(), await first);
        Assert.Equal("second"u8.ToArray(), await second);
    }

    private static FakeReply? Answer(FakeConnection connection, string[] command) =>
        FakeConnection.Is(command, "GET") ? FakeReply.Nothing
        : FakeConnection.Is(command, "CLIENT") && command[1] == "TRACKING" ? FakeReply.Ok
        : connection.DefaultReply(command);

    private static ValueTask<RedisClient> ConnectAsync(FakeRedis fake)
    {
        var options = RedisOptions.Parse(fake.Address);
        options.Topology = RedisTopology.Single;
        options.ConnectionsPerServer = 1;
        options.CommandTimeout = TimeSpan.FromSeconds(60);
        options.Tracking = new RedisTrackingOptions();
        return RedisClient.ConnectAsync(options);
    }
}
