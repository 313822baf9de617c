using System.Globalization;
using Millrace.Caching.Naming;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Tests.Keys;

[Trait("req", "C-12")]
public sealed class CacheKeysTests
{
    private static readonly string[] Alphabet = [":", "%", "3A", "*", "a", "{", "\n", "😀"];

    private static readonly CacheKeys Projects = CacheKeys.Of("project").Version(2);

    [Fact]
    public void A_key_has_namespace_prefix_version_and_parts()
    {
        Assert.Equal("project:v2:42", Projects.With<int>().Of(42));
        Assert.Equal("shop:project:v2:42:tasks", Projects.In("shop").With<int, string>().Of(42, "tasks"));
        Assert.Equal("payment:history:7:a:True", CacheKeys.Of("payment:history").With<long, char, bool>().Of(7, 'a', true));
        Assert.Equal("project:v3:42", Projects.Version(3).With<int>().Of(42));
        Assert.Equal("project:v2:", Projects.ToString());
    }

    [Fact]
    public void Parts_are_written_without_a_culture_and_without_loss()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            var at = new DateTimeOffset(2026, 1, 31, 10, 0, 0, 5, TimeSpan.Zero);
            Assert.Equal("k:1.5", CacheKeys.Of("k").With<double>().Of(1.5));
            Assert.Equal("k:-7", CacheKeys.Of("k").With<int>().Of(-7));
            Assert.Equal("k:2026-01-31T10%3A00%3A00.0050000+00%3A00", CacheKeys.Of("k").With<DateTimeOffset>().Of(at));
            Assert.Equal("k:2026-01-31", CacheKeys.Of("k").With<DateOnly>().Of(new DateOnly(2026, 1, 31)));
            Assert.Equal("k:0f8fad5b-d9cb-469f-a165-70867728950e", CacheKeys.Of("k").With<Guid>().Of(new Guid("0f8fad5b-d9cb-469f-a165-70867728950e")));
            Assert.Equal("k:Friday", CacheKeys.Of("k").With<DayOfWeek>().Of(DayOfWeek.Friday));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("a:b", "a%3Ab")]
    [InlineData("*", "%2A")]
    [InlineData("{tag}", "%7Btag%7D")]
    [InlineData("100%", "100%25")]
    [InlineData("a\nb\u0085", "a%0Ab%85")]
    [InlineData("plain-text_1.2/é 😀", "plain-text_1.2/é 😀")]
    [InlineData("", "")]
    public void What_has_a_meaning_in_keys_is_escaped(string part, string written)
    {
        Assert.Equal("k:" + written, CacheKeys.Of("k").With<string>().Of(part));
        Assert.Equal(written, CacheKeys.Escape(part));
        Assert.Equal(part, Uri.UnescapeDataString(written == "a%0Ab%85" ? "a%0Ab%C2%85" : written));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Different_parts_never_make_one_key(int seed)
    {
        var random = new Random(seed);
        var one = CacheKeys.Of("k").With<string>();
        var two = CacheKeys.Of("k").With<string, string>();
        var three = CacheKeys.Of("k").With<string, string, string>();
        var seen = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var repeated = 0;
        for (var i = 0; i < 50_000; i++)
        {
            string[] parts = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Part(random))];
            var key = parts.Length switch
            {
                1 => one.Of(parts[0]),
                2 => two.Of(parts[0], parts[1]),
                _ => three.Of(parts[0], parts[1], parts[2]),
            };
            if (!seen.TryAdd(key, parts))
            {
                repeated++;
                Assert.True(parts.SequenceEqual(seen[key], StringComparer.Ordinal), $"seed {seed}: [{string.Join('|', parts)}] and [{string.Join('|', seen[key])}] both make {key}");
            }

            new KeyRules(new CacheOptions()).CheckKey(key);
        }

        Assert.InRange(repeated, 1_000, 49_000); // the alphabet is small enough for neighbours to meet, or the test shows nothing
    }

    [Fact]
    public void A_pattern_covers_what_is_under_its_parts_and_no_part_widens_it()
    {
        var keys = Projects.With<string, string>();
        Assert.Equal("project:v2:*", keys.Pattern);
        Assert.Equal("project:v2:42:*", keys.Under("42"));
        Assert.Equal("project:v2:%2A:*", keys.Under("*"));
        var glob = Millrace.Caching.Invalidation.KeyGlob.Parse(keys.Under("4*"));
        Assert.True(glob.Matches(keys.Of("4*", "tasks")));
        Assert.False(glob.Matches(keys.Of("42", "tasks")));
        Assert.False(glob.Matches(keys.Of("4", "*:tasks")));
        Assert.Equal("k:1:2:*", CacheKeys.Of("k").With<int, int, int>().Under(1, 2));
    }

    [Fact]
    public void What_cannot_be_a_key_is_refused_with_what_to_do()
    {
        Assert.Contains("With<string>()", Assert.Throws<ArgumentException>(() => CacheKeys.Of("user:*")).Message, StringComparison.Ordinal);
        Assert.Contains("Version(2)", Assert.Throws<ArgumentException>(() => CacheKeys.Of("user:v2")).Message, StringComparison.Ordinal);
        Assert.Contains("ISpanFormattable", Assert.Throws<ArgumentException>(() => CacheKeys.Of("user").With<object>()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => CacheKeys.Of("user").With<int, int?>());
        Assert.Throws<ArgumentException>(() => CacheKeys.Of("user:"));
        Assert.Throws<ArgumentException>(() => CacheKeys.Of(""));
        Assert.Throws<ArgumentException>(() => CacheKeys.Of(new string('a', 257)));
        Assert.Throws<ArgumentException>(() => CacheKeys.Of("user").In("a b"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Projects.Version(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Projects.Version(10_000));
        Assert.Throws<ArgumentNullException>(() => CacheKeys.Of("user").With<string>().Of(null!));
        Assert.Contains("half a character", Assert.Throws<ArgumentException>(() => CacheKeys.Of("user").With<string>().Of("a\uD800")).Message, StringComparison.Ordinal);
        Assert.Contains("Hashed", Assert.Throws<ArgumentException>(() => CacheKeys.Of("user").With<string>().Of(new string('a', 1020))).Message, StringComparison.Ordinal);
        Assert.Equal(1024, CacheKeys.Of("user").With<string>().Of(new string('a', 1019)).Length);
    }

    [Fact]
    public void A_hash_does_not_depend_on_order_and_tells_all_else_apart()
    {
        var api = CacheKeys.Of("api");
        var key = api.Hashed("orders/list", Set(("page", "2"), ("sort", "name"), ("tag", "a"), ("tag", "b")));
        Assert.StartsWith("api:orders/list:", key, StringComparison.Ordinal);
        Assert.Equal("api:orders/list:".Length + 32, key.Length);
        Assert.Equal(key, api.Hashed("orders/list", Set(("tag", "b"), ("sort", "name"), ("tag", "a"), ("page", "2"))));
        KeyValuePair<string, string?>[][] others =
        [
            Set(("page", "2"), ("sort", "name"), ("tag", "a")),
            Set(("page", "2"), ("sort", "name"), ("tag", "a"), ("tag", "b"), ("tag", "b")),
            Set(("page", "2s"), ("ort", "name"), ("tag", "a"), ("tag", "b")),
            Set(("page", "2"), ("Sort", "name"), ("tag", "a"), ("tag", "b")),
            Set(("page", ""), ("sort", "name")),
            Set(("page", null), ("sort", "name")),
            Set(("pagesort", "name")),
            [],
        ];
        string[] keys = [key, .. others.Select(other => api.Hashed("orders/list", other)), api.Hashed("orders", others[0])];
        Assert.Equal(keys.Length, keys.Distinct(StringComparer.Ordinal).Count());

        // The canonical form is a promise: what it hashes to must not change from one release to the next.
        Assert.Equal("api:x:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([1, 0, 0, 0, (byte)'a', 1, 0, 0, 0, (byte)'1', 1, 0, 0, 0, (byte)'b', 255, 255, 255, 255])[..16]),
            api.Hashed("x", Set(("b", null), ("a", "1"))));
    }

    [Fact]
    public void Parameters_of_a_hash_are_bounded()
    {
        var api = CacheKeys.Of("api");
        Assert.Throws<ArgumentException>(() => api.Hashed("x", Enumerable.Range(0, 1025).Select(i => KeyValuePair.Create($"p{i}", (string?)"1"))));
        Assert.Throws<ArgumentException>(() => api.Hashed("x", Set(("p", new string('a', (1024 * 1024) + 1)))));
        Assert.Throws<ArgumentException>(() => api.Hashed("x", Set(("a", new string('a', 600_000)), ("b", new string('a', 600_000)))));
        Assert.Throws<ArgumentException>(() => api.Hashed("x", Set(("a", "\uDC00"))));
        Assert.Throws<ArgumentException>(() => api.Hashed("", []));
    }

    [Theory]
    [InlineData("project:v2:{}", 1)]
    [InlineData("project:v123:{}", 123)]
    public void Statistics_keep_the_version_and_forget_the_parts(string pattern, int version)
    {
        var patterns = new KeyPatterns(100);
        Assert.Equal(pattern.Replace("v2", $"v{version}", StringComparison.Ordinal), patterns.Of(CacheKeys.Of("project").Version(version).With<int>().Of(42)).Name);
        Assert.Equal("api:orders/list:{}", patterns.Of(CacheKeys.Of("api").Hashed("orders/list", Set(("a", "1")))).Name);
        Assert.Equal("user:{}", patterns.Of(CacheKeys.Of("user").With<string>().Of("a:b")).Name);
    }

    private static string Part(Random random) => string.Concat(Enumerable.Range(0, random.Next(0, 4)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));

    private static KeyValuePair<string, string?>[] Set(params (string Name, string? Value)[] parameters) =>
        [.. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value))];
}
