using System.Globalization;
using Millrace.Caching;
using Millrace.Redis;

// A program to be killed: ADDRESS PREFIX LEASE. Takes the lock "work" again and again, with a lease of LEASE milliseconds, and adds one to the key
// PREFIXcount by reading and writing it, which is right only while nobody else does. It marks PREFIXinside with its token before and looks at it
// afterwards. Prints a line before ("in TOKEN") and after ("out TOKEN COUNT"), and "broken …" when somebody else was inside. Runs until it is killed.
var (address, prefix) = (args[0], args[1]);
var lease = TimeSpan.FromMilliseconds(int.Parse(args[2], CultureInfo.InvariantCulture));

await using var client = await RedisClient.ConnectAsync(address);
await using var locks = CacheLocks.InRedis(client, prefix);
while (true)
{
    await using var held = await locks.AcquireAsync("work", lease, TimeSpan.FromMinutes(2));
    var token = held.FencingToken.ToString(CultureInfo.InvariantCulture);
    Console.WriteLine($"in {token}");
    await client.SetAsync(prefix + "inside", token);
    var count = long.Parse(await client.GetStringAsync(prefix + "count") ?? "0", CultureInfo.InvariantCulture) + 1;
    await client.SetAsync(prefix + "count", count);
    if (await client.GetStringAsync(prefix + "inside") != token && held.IsHeld)
    {
        Console.WriteLine($"broken {token}");
    }

    Console.WriteLine($"out {token} {count}");
}
