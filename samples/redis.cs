#!/usr/bin/env -S dotnet run --file
#:project ../src/Millrace.Redis/Millrace.Redis.csproj
#:property PublishAot=false
using Millrace.Redis;

// Run: redis-server & dotnet run samples/redis.cs      (another server: REDIS_URL=redis://user:password@host:6379)
var options = RedisOptions.Parse(Environment.GetEnvironmentVariable("REDIS_URL") ?? "localhost:6379");
options.Tracking = new RedisTrackingOptions(); // the server tells which keys that were read here have changed
await using var redis = await RedisClient.ConnectAsync(options);

// Typed commands. Any number of callers share the connection; what waits is sent together.
await redis.SetAsync("{user:42}:name", "Ada", RedisExpiry.After(TimeSpan.FromMinutes(5)));
Console.WriteLine($"{await redis.GetStringAsync("{user:42}:name")}, visit {await redis.IncrAsync("{user:42}:visits")}");

// Into memory of your own: nothing is allocated.
var buffer = new byte[64];
var length = await redis.GetAsync("{user:42}:name", buffer.AsMemory());
Console.WriteLine($"{length} bytes");

// A batch: one write, each reply at its own task.
using var batch = redis.CreateBatch();
var pushes = Enumerable.Range(1, 3).Select(n => batch.RPushAsync("{user:42}:tasks", $"task {n}")).ToArray();
await batch.ExecuteAsync();
Console.WriteLine($"{await pushes[^1]} tasks");

// A script: sent by its hash, in full to a server that does not have it.
var takeAll = new RedisScript("local all = redis.call('LRANGE', KEYS[1], 0, -1) redis.call('DEL', KEYS[1]) return all", keyCount: 1);
var tasks = await redis.EvaluateAsync(takeAll, ["{user:42}:tasks"], []);
Console.WriteLine(string.Join(", ", tasks.Items.Select(task => task.AsString())));

// Anything else.
var reply = await redis.ExecuteAsync("OBJECT ENCODING", new RedisKey("{user:42}:visits"));
Console.WriteLine($"visits are stored as {reply.AsString()}");

// Messages. After a lost connection the first one says that some may have been missed.
await using var news = await redis.SubscribeAsync("news");
await redis.PublishAsync("news", "hello");
Console.WriteLine($"news: {(await news.ReadAsync()).Text}");

// What a cache needs: to be told, in order with the replies, that a key which was read has changed.
var watcher = new Watcher();
using var added = redis.AddInvalidationHandler(watcher);
await redis.GetStringAsync("{user:42}:name");
await using (var someoneElse = await RedisClient.ConnectAsync(options))
{
    await someoneElse.SetAsync("{user:42}:name", "Grace");
}

Console.WriteLine($"changed: {await watcher.Changed}");

internal sealed class Watcher : RedisInvalidationHandler
{
    private readonly TaskCompletionSource<string> _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string> Changed => _changed.Task;

    public override void OnInvalidated(ReadOnlySpan<byte> key) => _changed.TrySetResult(System.Text.Encoding.UTF8.GetString(key));

    public override void OnAllInvalidated(RedisTrackedConnection connection) => Console.WriteLine("everything changed");

    public override void OnTrustLost(RedisTrackedConnection connection) => Console.WriteLine($"lost {connection}: forget what was read on it");

    public override void OnTrustRestored(RedisTrackedConnection connection) => Console.WriteLine($"{connection} is watched");
}
