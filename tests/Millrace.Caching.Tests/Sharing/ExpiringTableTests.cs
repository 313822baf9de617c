using Millrace.Caching.Sharing;

namespace Millrace.Caching.Tests.Sharing;

public sealed class ExpiringTableTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Compared with a plain dictionary that looks at every value each time.</summary>
    [Theory, Trait("req", "C-17")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_agrees_with_a_model_under_random_calls(int seed)
    {
        const int Limit = 20;
        var random = new Random(seed);
        var table = new ExpiringTable<string>(Limit);
        var model = new Dictionary<string, (string Value, DateTimeOffset Expires)>(StringComparer.Ordinal);
        var now = Start;
        for (var step = 0; step < 20_000; step++)
        {
            now += TimeSpan.FromSeconds(random.Next(3));
            foreach (var dead in model.Where(pair => pair.Value.Expires <= now).Select(static pair => pair.Key).ToList())
            {
                model.Remove(dead);
            }

            var name = $"n{random.Next(30)}";
            switch (random.Next(4))
            {
                case 0:
                    var expires = random.Next(20) == 0 ? DateTimeOffset.MaxValue : now + TimeSpan.FromSeconds(random.Next(1, 60));
                    var fits = model.ContainsKey(name) || model.Count < Limit;
                    Assert.Equal(fits, table.TrySet(name, $"v{step}", expires, now));
                    if (fits)
                    {
                        model[name] = ($"v{step}", expires);
                    }

                    break;
                case 1:
                    Assert.Equal(model.Remove(name), table.Remove(name, now));
                    break;
                case 2:
                    Assert.Equal(model.TryGetValue(name, out var known) ? known.Expires : null, table.ExpiryOf(name, now));
                    break;
                default:
                    Assert.Equal(model.TryGetValue(name, out var value) ? value.Value : null, table.Find(name, now));
                    break;
            }

            Assert.InRange(table.Count, 0, Limit);
        }
    }

    [Fact, Trait("req", "C-17")]
    public void What_expired_leaves_memory_without_being_asked_for()
    {
        var table = new ExpiringTable<string>(1000);
        for (var i = 0; i < 1000; i++)
        {
            table.Set($"old{i}", "x", Start.AddSeconds(1), Start);
        }

        for (var i = 0; i < 300; i++)
        {
            table.Set("new", "x", Start.AddSeconds(60 + i), Start.AddSeconds(2));
        }

        Assert.Equal(1, table.Count);
    }

    [Fact, Trait("req", "C-17")]
    public void A_full_table_refuses_or_makes_room_as_it_is_told()
    {
        var table = new ExpiringTable<string>(2);
        table.Set("soon", "x", Start.AddSeconds(1), Start);
        table.Set("late", "x", Start.AddSeconds(9), Start);

        Assert.False(table.TrySet("more", "x", Start.AddSeconds(5), Start));
        table.Set("more", "x", Start.AddSeconds(5), Start);
        Assert.Null(table.Find("soon", Start));
        Assert.NotNull(table.Find("late", Start));
        Assert.NotNull(table.Find("more", Start));
    }
}
