using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Caching;
using Millrace.Caching.CrashLab;
using Millrace.Redis;
using Millrace.Sqlite;

// A program to be killed: STORE WHERE SOURCE NODE FIRST COUNT. Writes COUNT numbers from FIRST on behind the cache to SOURCE, a SQLite file; they wait in
// STORE (sqlite or redis) at WHERE (a file or an address). Four writers go on at a time, each with keys of its own, so that a key's numbers grow. Prints one line for
// each write that was acknowledged ("ack KEY NUMBER SEQUENCE"), and for each call of the source that has ended ("flush COUNT"); every eleventh call is
// refused. Prints "written" when all is written, "idle" when nothing is pending any more. Then it waits to be stopped.
const int Writers = 4;
const int KeysPerWriter = 25;
var (store, where, sourceFile, node) = (args[0], args[1], args[2], args[3]);
var first = long.Parse(args[4], CultureInfo.InvariantCulture);
var count = int.Parse(args[5], CultureInfo.InvariantCulture);

await using var source = new LedgerSource(sourceFile);
await source.CreateAsync();
var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Error); // the source refuses on purpose
if (store == "redis")
{
    builder.Services.AddMillraceRedis(where);
}

var calls = 0;
var cache = builder.Services.AddMillraceCache().AddWriteBehind<long>(
    "numbers",
    async (_, writes, cancellationToken) =>
    {
        if (Interlocked.Increment(ref calls) % 11 == 0)
        {
            throw new InvalidOperationException("refused on purpose");
        }

        await source.TakeAsync(node, writes, cancellationToken);
        Console.WriteLine($"flush {writes.Count}");
    },
    new WriteBehindOptions
    {
        Delay = TimeSpan.FromMilliseconds(5),
        BatchSize = 10,
        MaximumAttempts = 1_000,
        FirstRetryDelay = TimeSpan.FromMilliseconds(5),
        LongestRetryDelay = TimeSpan.FromMilliseconds(50),
        Lease = TimeSpan.FromSeconds(1),
    });
if (store == "sqlite")
{
    cache.KeepWritesInSqlite(where);
}

using var host = builder.Build();
await host.StartAsync();
Console.WriteLine("ready");
var numbers = host.Services.GetRequiredService<WriteBehind<long>>();
await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
{
    var random = new Random(HashCode.Combine(writer, first));
    for (var number = first + writer; number < first + count; number += Writers)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"n:{writer}:{(int)(KeysPerWriter * Math.Pow(random.NextDouble(), 3))}");
        Console.WriteLine($"ack {key} {number} {await WriteAsync(key, number)}");
    }
})));
Console.WriteLine("written");
while (!await IsIdleAsync())
{
    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
}

Console.WriteLine("idle");
await host.WaitForShutdownAsync();

// A write whose store did not answer may have been kept or not: it is made again until it is acknowledged.
async Task<long> WriteAsync(string key, long number)
{
    while (true)
    {
        try
        {
            return await numbers.WriteAsync(key, number);
        }
        catch (RedisException)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}

async Task<bool> IsIdleAsync()
{
    try
    {
        return (await numbers.GetStatisticsAsync()).Pending == 0;
    }
    catch (RedisException)
    {
        return false; // the server is away
    }
}
