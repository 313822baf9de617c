namespace Millrace.Realtime.Tests.Channels;

public sealed class ChannelNameTests
{
    [Theory]
    [InlineData("everyone")]
    [InlineData("project:42")]
    [InlineData("user:ann@example.org:inbox")]
    [InlineData("a-b_c.d~e:F9")]
    public void Ordinary_names_are_valid(string name) => Assert.True(ChannelNames.IsValid(name));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("a:")]
    [InlineData(":a")]
    [InlineData("a::b")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("project:*")]
    [InlineData("project:{id}")]
    [InlineData("straße")]
    [InlineData("a/b")]
    public void Everything_else_is_not(string? name) => Assert.False(ChannelNames.IsValid(name));

    [Fact]
    public void A_name_may_have_200_characters_and_not_one_more()
    {
        Assert.True(ChannelNames.IsValid(new string('a', 200)));
        Assert.False(ChannelNames.IsValid(new string('a', 201)));
    }

    [Fact]
    public void Names_are_built_only_from_whole_parts()
    {
        Assert.Equal("user:7", ChannelNames.User("7"));
        Assert.Equal("org:acme", ChannelNames.Organisation("acme"));
        Assert.Equal("project:42", ChannelNames.Project("42"));
        Assert.True(ChannelNames.IsValid(ChannelNames.Everyone));
        Assert.Throws<ArgumentException>(() => ChannelNames.User("7:inbox"));
        Assert.Throws<ArgumentException>(() => ChannelNames.User("a b"));
        Assert.Throws<ArgumentException>(() => ChannelNames.Project(""));
    }

    [Fact]
    [Trait("req", "R-02")]
    public async Task Random_names_are_refused_or_joined_but_never_break_the_connection()
    {
        const int Seed = 20260120;
        var random = new Random(Seed);
        await using var subject = new Subject(
            r => r.AddChannel("{a}", c => c.AllowAnyone()).AddChannel("{a}:{b}", c => c.AllowAnyone()),
            o => (o.ClientMessageBurst, o.MaximumChannelsPerConnection) = (100_000, 10_000));
        var (connection, _) = subject.Connect();
        const string Alphabet = "ab9:-_.@~{}* /\\\"'\0\n\r\u00e9\ud83d\uffff%";
        var joined = new HashSet<string>();
        for (var i = 0; i < 5_000; i++)
        {
            var name = string.Create(random.Next(0, 8), random, (span, random) =>
            {
                foreach (ref var c in span)
                {
                    c = Alphabet[random.Next(Alphabet.Length)];
                }
            });

            var expected = name.Length > 0 && name.Split(':') is { Length: <= 2 } parts
                && Array.TrueForAll(parts, part => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || "-_.@~".Contains(c)));
            var result = await connection.SubscribeAsync(name);

            Assert.True(result.Succeeded == expected, $"seed {Seed}, step {i}: '{name}' gave {result}");
            if (expected)
            {
                joined.Add(name);
            }
        }

        Assert.Equal(joined.Count, subject.Channels.GetStatistics().Channels);
        await connection.DisposeAsync();
        Assert.Equal(0, subject.Channels.GetStatistics().Channels);
    }
}
