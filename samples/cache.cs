#!/usr/bin/env -S dotnet run --file
#:project ../src/Millrace.Caching/Millrace.Caching.csproj
#:property PublishAot=false
using Millrace.Caching;

// Run: dotnet run samples/cache.cs
var policy = new CachePolicy("ProjectDetail", TimeSpan.FromMinutes(30));
var database = new Dictionary<int, Project> { [42] = new(42, "New roof for the library", Org: 7) };
var queries = 0;

using var cache = new Cache();

// One run of the factory, however many ask at once.
var readers = Enumerable.Range(0, 100).Select(_ => Task.Run(async () => await ReadAsync(42)));
await Task.WhenAll(readers);
Console.WriteLine($"100 readers, {queries} query");

// A write invalidates by tag; whoever reads after that never sees the old value.
database[42] = database[42] with { Name = "New roof and windows for the library" };
await cache.RemoveByTagAsync("org:7");
Console.WriteLine($"after the write: {(await ReadAsync(42)).Name}, {queries} queries");

// From here on it is hits, served without waiting.
for (var i = 0; i < 1000; i++)
{
    await ReadAsync(42);
}

var statistics = cache.GetStatistics();
Console.WriteLine($"{statistics.Hits} hits, {statistics.Misses} misses ({statistics.Joins} waited for another's query)");
foreach (var pattern in statistics.Patterns)
{
    Console.WriteLine($"{pattern.Pattern}: {pattern.Entries} entry of {pattern.SizeBytes} bytes");
}

ValueTask<Project> ReadAsync(int id) =>
    cache.GetOrCreateAsync($"project:{id}", id, LoadAsync, policy, tags: [$"org:{database[id].Org}"]);

async ValueTask<Project> LoadAsync(int id, CancellationToken cancellationToken)
{
    Interlocked.Increment(ref queries);
    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
    return database[id];
}

internal sealed record Project(int Id, string Name, int Org);
