using Millrace.Realtime.Channels;

namespace Millrace.Realtime.Tests.Channels;

[Trait("req", "R-02")]
public sealed class ChannelPatternTests
{
    [Theory]
    [InlineData("project:{id}", "project:7", true)]
    [InlineData("project:{id}", "project:7:tasks", false)]
    [InlineData("project:{id}", "project", false)]
    [InlineData("project:{id}", "projects:7", false)]
    [InlineData("project:{id}:tasks", "project:7:tasks", true)]
    [InlineData("project:{id}:tasks", "project:7:task", false)]
    [InlineData("everyone", "everyone", true)]
    [InlineData("everyone", "Everyone", false)]
    [InlineData("{kind}:{id}", "user:7", true)]
    [InlineData("{any}", "user", true)]
    public void A_named_part_stands_for_exactly_one_part(string pattern, string channel, bool matches)
    {
        var parsed = ChannelPattern.Parse(pattern);

        Assert.Equal(matches, parsed.PartCount == channel.Split(':').Length && parsed.Matches(channel));
    }

    [Fact]
    public void Named_parts_are_read()
    {
        var parts = ChannelPattern.Parse("org:{org}:project:{id}").Read("org:acme:project:7");

        Assert.Equal(new Dictionary<string, string> { ["org"] = "acme", ["id"] = "7" }, parts);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a:")]
    [InlineData("a::b")]
    [InlineData("a:{}")]
    [InlineData("a:{1}")]
    [InlineData("a:{id")]
    [InlineData("a:id}")]
    [InlineData("a:x{id}")]
    [InlineData("a:{i d}")]
    [InlineData("{id}:{id}")]
    [InlineData("a:*")]
    [InlineData("a b")]
    public void A_malformed_pattern_is_an_error_that_says_so(string pattern)
    {
        var error = Assert.Throws<ArgumentException>(() => ChannelPattern.Parse(pattern));

        Assert.Contains("is not a channel pattern", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pattern_that_is_literal_furthest_from_the_left_holds()
    {
        var asked = new List<string>();
        await using var subject = new Subject(r => r
            .AddChannel("{kind}:{id}", c => c.Authorize(Ask))
            .AddChannel("{kind}:main", c => c.Authorize(Ask))
            .AddChannel("room:{id}", c => c.Authorize(Ask))
            .AddChannel("room:hall", c => c.Authorize(Ask)));
        var (connection, _) = subject.Connect();
        foreach (var channel in new[] { "room:hall", "room:7", "room:main", "club:main", "club:7" })
        {
            Assert.True((await connection.SubscribeAsync(channel)).Succeeded);
        }

        Assert.Equal(["room:hall", "room:{id}", "room:{id}", "{kind}:main", "{kind}:{id}"], asked);

        bool Ask(ChannelAccess access)
        {
            asked.Add(access.Pattern);
            return true;
        }
    }
}
