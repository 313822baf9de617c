using System.Globalization;
using Millrace.Caching.Remote.Partitioned;

namespace Millrace.Caching.Tests.Remote.Partitioned;

/// <summary>Which partition has a key.</summary>
[Trait("req", "C-16")]
public sealed class RendezvousTests
{
    private const int Keys = 100_000;
    private const double Deviations = 5; // of the binomial distribution: one in two million is further out

    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1)]
    [InlineData("project:42:members:é", 0xAC2156DE4B3E4DD6)]
    public void The_hash_is_that_of_its_specification(string text, ulong expected)
    {
        Assert.Equal(expected, StableHash.Of(text));
    }

    [Fact]
    public void The_hash_of_a_long_text_does_not_depend_on_how_it_is_kept()
    {
        var text = string.Concat(Enumerable.Range(0, 400).Select(static i => i.ToString(CultureInfo.InvariantCulture)));

        Assert.Equal(StableHash.Of(System.Text.Encoding.UTF8.GetBytes(text)), StableHash.Of(text));
    }

    [Theory] // computed once, elsewhere: a change would move keys between versions
    [InlineData("a b c", "user:1", "a")]
    [InlineData("a b c", "user:2", "b")]
    [InlineData("a b c", "org:7:members", "c")]
    [InlineData("a b c", "é", "c")]
    [InlineData("a b", "org:7:members", "a")]
    [InlineData("a b", "é", "a")]
    [InlineData("east-1 east-2 west-1 west-2 north", "user:1", "west-1")]
    [InlineData("east-1 east-2 west-1 west-2 north", "user:3", "west-2")]
    [InlineData("east-1 east-2 west-1 west-2 north", "project:42", "east-2")]
    [InlineData("north west-2 west-1 east-2 east-1", "project:42", "east-2")] // in whatever order
    public void A_key_stays_where_it_is(string names, string key, string expected)
    {
        var map = new Rendezvous(names.Split(' '));

        Assert.Equal(expected, map.Names[map.Of(key)]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    public void Keys_are_spread_evenly(int names)
    {
        var map = new Rendezvous(Names(names));

        var counts = AllKeys().CountBy(map.Of).ToDictionary();

        Assert.Equal(names, counts.Count);
        Assert.All(counts.Values, count => Assert.InRange(count, Low(1.0 / names), High(1.0 / names)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    public void A_name_that_is_added_takes_its_part_and_moves_no_other_key(int names)
    {
        var (before, after) = (new Rendezvous(Names(names)), new Rendezvous(Names(names + 1)));
        var added = Names(names + 1).Last();

        var moved = AllKeys().Where(key => before.Names[before.Of(key)] != after.Names[after.Of(key)]).ToList();

        Assert.InRange(moved.Count, Low(1.0 / (names + 1)), High(1.0 / (names + 1)));
        Assert.All(moved, key => Assert.Equal(added, after.Names[after.Of(key)]));
    }

    [Fact]
    public void A_name_that_goes_leaves_its_keys_to_all_others_and_moves_no_other_key()
    {
        var (before, after) = (new Rendezvous(["a", "b", "c", "d"]), new Rendezvous(["a", "b", "d"]));

        var moved = AllKeys().Where(key => before.Names[before.Of(key)] != after.Names[after.Of(key)]).ToList();

        Assert.All(moved, key => Assert.Equal("c", before.Names[before.Of(key)]));
        Assert.Equal(AllKeys().Count(key => before.Names[before.Of(key)] == "c"), moved.Count);
        Assert.All(
            moved.CountBy(key => after.Names[after.Of(key)]).ToDictionary().Values,
            count => Assert.InRange(count, (int)(moved.Count / 3.0 * 0.9), (int)(moved.Count / 3.0 * 1.1)));
    }

    private static IEnumerable<string> Names(int count) => Enumerable.Range(1, count).Select(static i => string.Create(CultureInfo.InvariantCulture, $"redis-{i}"));

    private static IEnumerable<string> AllKeys() => Enumerable.Range(0, Keys).Select(static i => string.Create(CultureInfo.InvariantCulture, $"user:{i}:name"));

    private static int Low(double share) => (int)((Keys * share) - (Deviations * Math.Sqrt(Keys * share * (1 - share))));

    private static int High(double share) => (int)Math.Ceiling((Keys * share) + (Deviations * Math.Sqrt(Keys * share * (1 - share))));
}
