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
        var table = new EntryTable(1);
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

        Assert.Equal(model.Values.ToHashSet(), Enumerable.Range(0, table.Length).Select(table.At).OfType<Entry>().ToHashSet());
    }

    [Theory]
    [InlineData(71)]
    [InlineData(72)]
    [InlineData(73)]
    public void A_walk_passes_nobody_over_who_was_there_all_the_time_though_the_table_is_made_anew(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var table = new EntryTable((ulong)seed);
            var (kept, others, met) = (new List<Entry>(), new List<Entry>(), new HashSet<Entry>());
            Fill(random.Next(1, 400), kept);
            table.WalkAt = 0;
            while (table.WalkAt < table.Length)
            {
                if (table.At(table.WalkAt++) is { } entry)
                {
                    met.Add(entry);
                }

                if (random.Next(20) == 0)
                {
                    Fill(random.Next(60), others);
                }
                else if (random.Next(20) == 0)
                {
                    others.ForEach(table.Remove);
                    others.Clear();
                    table.Trim();
                }
            }

            Assert.True(met.IsSupersetOf(kept), $"seed {seed}, round {round}");

            void Fill(int count, List<Entry> into)
            {
                for (var i = 0; i < count && table.Length < 4096; i++)
                {
                    var key = $"k:{random.Next()}";
                    if (table.Find(key) is null)
                    {
                        var entry = Entries.Make(key);
                        entry.Hash = table.HashOf(key);
                        table.Add(entry);
                        into.Add(entry);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_full_table_whose_entries_come_and_go_stays_as_long_as_it_is()
    {
        var table = new EntryTable(1);
        var entries = new Queue<Entry>();
        for (var i = 0; i < 100_000; i++)
        {
            var entry = Entries.Make($"k:{i}");
            if (entries.Count == 700)
            {
                table.Remove(entries.Dequeue());
            }

            table.Add(entry);
            entries.Enqueue(entry);
        }

        Assert.Equal(1024, table.Length);
        Assert.All(entries, entry => Assert.Same(entry, table.Find(entry.Key)));
        Assert.Null(table.Find("k:0"));
    }

    [Theory]
    [InlineData(61)]
    [InlineData(62)]
    [InlineData(63)]
    public async Task Readers_find_what_stays_while_everything_else_comes_and_goes_and_the_table_grows_and_shrinks(int seed)
    {
        var writes = new Lock();
        var table = new EntryTable((ulong)seed);
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
                others.ForEach(table.Add); // in other places, while readers look at the old ones
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
}
