using Millrace.Caching.Local;
using Millrace.Caching.Naming;

namespace Millrace.Caching.Tests.Local;

[Trait("req", "C-02")]
public sealed class EntryTableTests
{
    [Theory]
    [InlineData(51)]
    [InlineData(52)]
    public void It_agrees_with_a_dictionary(int seed)
    {
        var random = new Random(seed);
        var table = new EntryTable(new Lock(), 1);
        var model = new Dictionary<string, Entry>(StringComparer.Ordinal);
        for (var step = 0; step < 50_000; step++)
        {
            var key = new string('k', random.Next(1, 12)) + random.Next(300);
            var found = random.Next(2) == 0 ? table.Find(key) : table.Find(key.AsSpan());
            Assert.True(ReferenceEquals(found, model.GetValueOrDefault(key)), $"seed {seed}, step {step}: {key}");
            if (found is null)
            {
                table.Add(model[key] = Entries.Make(key));
            }
            else if (random.Next(3) == 0)
            {
                table.Replace(found, model[key] = Entries.Make(key));
            }
            else if (random.Next(step % 10_000 < 5000 ? 3 : 2) > 0)
            {
                table.Remove(found);
                model.Remove(key);
            }

            if (random.Next(1000) == 0)
            {
                table.Trim();
            }

            Assert.Equal(model.Count, table.Count);
        }

        Assert.Equal(model.Count, Enumerable.Range(0, table.BucketCount).Sum(bucket => Chain(table.First(bucket))));
    }

    [Fact]
    public void Those_that_have_been_here_longest_come_first_also_after_it_has_grown()
    {
        var table = new EntryTable(new Lock(), 1);
        var age = new Dictionary<Entry, int>();
        for (var i = 0; i < 1000; i++)
        {
            var entry = Entries.Make($"k:{i}");
            age[entry] = i;
            table.Add(entry);
        }

        for (var bucket = 0; bucket < table.BucketCount; bucket++)
        {
            for (var entry = table.First(bucket); entry?.Next is { } next; entry = next)
            {
                Assert.True(age[entry] < age[next]);
            }
        }
    }

    [Theory]
    [InlineData(61)]
    [InlineData(62)]
    [InlineData(63)]
    public async Task Readers_find_what_stays_while_everything_else_comes_and_goes_and_the_table_grows_and_shrinks(int seed)
    {
        var writes = new Lock();
        var table = new EntryTable(writes, (ulong)seed);
        var kept = Enumerable.Range(0, 200).Select(i => $"kept:{i}").ToArray();
        foreach (var key in kept)
        {
            table.Add(Make(key));
        }

        Entry Make(string key)
        {
            var entry = Entries.Make(key);
            entry.Hash = table.HashOf(key);
            return entry;
        }

        using var done = new CancellationTokenSource();
        var reads = new int[3];
        var readers = Enumerable.Range(0, reads.Length).Select(reader => Task.Run(() =>
        {
            var random = new Random((seed * 100) + reader);
            while (!done.IsCancellationRequested)
            {
                var key = kept[random.Next(kept.Length)];
                var entry = random.Next(2) == 0 ? table.Find(key) : table.Find(key.AsSpan());
                Assert.True(entry?.Key == key, $"seed {seed}: {key} was not found, or {entry?.Key} was in its place");
                var never = table.Find($"never:{reads[reader]++ % 100}");
                Assert.True(never is null, $"seed {seed}: {never?.Key} was found and is not in");
            }
        })).ToArray();
        var others = new List<Entry>();
        var chance = new Random(seed);
        for (var round = 0; (round < 30 || reads.Min() < 5000) && !Array.Exists(readers, static reader => reader.IsFaulted); round++)
        {
            for (var i = 0; i < 3000; i++)
            {
                lock (writes)
                {
                    var entry = Make($"other:{round}:{i}");
                    table.Add(entry);
                    others.Add(entry);
                    if (chance.Next(4) == 0)
                    {
                        var old = table.Find(kept[chance.Next(kept.Length)])!;
                        table.Replace(old, Make(old.Key));
                    }
                }
            }

            lock (writes)
            {
                others.ForEach(table.Remove);
                others.Reverse();
                others.ForEach(table.Add); // in other places of their chains, while readers stand on them
                others.ForEach(table.Remove);
                others.Clear();
                table.Trim();
                table.Trim();
                table.Trim();
            }
        }

        await done.CancelAsync();
        await Task.WhenAll(readers).WaitAsync(Caches.Guard);
        Assert.Equal(kept.Length, table.Count);
    }

    [Fact]
    public void Similar_keys_spread_over_the_buckets()
    {
        var hash = new KeyHash(7);
        foreach (var prefix in new[] { "", "k", "user:", "a-longer-prefix-of-a-key:" })
        {
            var buckets = new int[1024];
            for (var i = 0; i < 10_240; i++)
            {
                buckets[hash.Of($"{prefix}{i}") & 1023]++;
            }

            Assert.InRange(buckets.Max(), 10, 40); // ten on average; random numbers reach about 24
            Assert.InRange(buckets.Count(static n => n == 0), 0, 5);
        }

        Assert.NotEqual(new KeyHash(8).Of("key"), hash.Of("key"));
        Assert.Equal(hash.Of("key"), hash.Of("a key".AsSpan(2)));
        Assert.Equal(60, Enumerable.Range(1, 60).Select(length => hash.Of(new string('\0', length))).Distinct().Count());
    }

    private static int Chain(Entry? entry)
    {
        var length = 0;
        for (; entry is not null; entry = entry.Next)
        {
            length++;
        }

        return length;
    }
}
