using Millrace.Caching.Sharing;

namespace Millrace.Caching.Tests.Sharing;

public sealed class SharedNamesTests
{
    [Fact, Trait("req", "C-16")]
    public void All_keys_of_a_name_have_one_hash_tag_and_different_names_different_ones()
    {
        var names = new SharedNames("cache:", "lock");

        Assert.Equal("cache:!lock:{a}", names.Key("a"));
        Assert.Equal("cache:!lock:{a}:token", names.Key("a", "token"));
        Assert.Equal("cache:!lock:{b}", names.Key("b"));
    }

    [Fact, Trait("req", "C-12")]
    public void Names_that_would_break_a_key_are_refused() => // in the body: an attribute would lose half a character
        Assert.All(["", "a{b", "a}b", "line\nbreak", "half \uD83D", "\uDE00 half"], static name =>
            Assert.Throws<ArgumentException>(() => SharedNames.Check(name, "lock", nameof(name))));

    [Fact, Trait("req", "C-12")]
    public void Names_have_a_maximal_length()
    {
        SharedNames.Check(new string('x', SharedNames.MaximumLength), "lock", "name");
        SharedNames.Check("naïve 😀", "lock", "name");
        Assert.Throws<ArgumentException>(() => SharedNames.Check(new string('x', SharedNames.MaximumLength + 1), "lock", "name"));
    }

    [Fact, Trait("req", "C-12")]
    public void A_name_from_outside_is_kept_when_it_is_short_and_plain_and_hashed_otherwise()
    {
        Assert.Equal("login:203.0.113.7", SharedNames.Tame("login:203.0.113.7"));
        string[] odd = ["", "a}b", "a{b", "#0", new string('x', 65), new string('x', 100_000), "räksmörgås", "a b", "\uD83D"];
        var tamed = odd.Select(SharedNames.Tame).ToList();

        Assert.All(tamed, static name => Assert.Matches("^#[0-9a-f]{64}$", name));
        Assert.Equal(tamed.Count, tamed.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(SharedNames.Tame(tamed[0]), SharedNames.Tame(tamed[0]));
        Assert.NotEqual(tamed[0], SharedNames.Tame(tamed[0])); // nobody can name another's hash
    }
}
