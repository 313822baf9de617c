#!/usr/bin/env dotnet
// One cache in several processes: redis-server & dotnet run samples/cache-redis.cs      (another server: REDIS_URL=redis://user:password@host:6379)
#:project ../src/Millrace.Caching/Millrace.Caching.csproj
#:package Microsoft.Extensions.Hosting
#:property PublishAot=false

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Caching;

// Two hosts stand for two processes on two machines: they share nothing but the server.
using var hostA = await StartAsync();
using var hostB = await StartAsync();
var (a, b) = (hostA.Services.GetRequiredService<Cache>(), hostB.Services.GetRequiredService<Cache>());
var database = new Dictionary<int, string> { [42] = "New roof for the library" };
var queries = 0;

// Both ask at once: one of them has the lease and reads the source, the other gets what it stores.
var names = await Task.WhenAll(ReadAsync(a), ReadAsync(b));
Console.WriteLine($"A: {names[0]}, B: {names[1]}, {queries} query");

// A writes. When the confirmed invalidation has returned, no process serves the old value.
database[42] = "New roof and windows for the library";
await a.RemoveByTagAsync(["project:42"], confirmed: true);
Console.WriteLine($"B after the write: {await ReadAsync(b)}, {queries} queries");

// B's copy is in its own memory now; a hit waits for nothing. And it is dropped when anybody changes the key.
for (var i = 0; i < 1000; i++)
{
    await ReadAsync(b);
}

var statistics = b.GetStatistics();
Console.WriteLine($"B: {statistics.Hits} hits in its own memory, {statistics.RemoteHits} in Redis, {queries} queries");
await hostA.StopAsync();
await hostB.StopAsync();

async Task<string> ReadAsync(Cache cache) => await cache.GetOrCreateAsync(
    "project:42:name", 42, async (id, token) =>
    {
        Interlocked.Increment(ref queries);
        await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, token);
        return database[id];
    },
    CachePolicies.Medium, tags: ["project:42"]);

static async Task<IHost> StartAsync()
{
    var builder = Host.CreateApplicationBuilder();
    builder.Logging.SetMinimumLevel(LogLevel.Warning);
    builder.Services.AddMillraceCache(options => options.KeyPrefix = "sample:")
        .UseRedis(Environment.GetEnvironmentVariable("REDIS_URL") ?? "localhost:6379");
    var host = builder.Build();
    await host.StartAsync();
    return host;
}
