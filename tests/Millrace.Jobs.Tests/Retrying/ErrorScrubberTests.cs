using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Tests.Retrying;

public sealed class ErrorScrubberTests
{
    private readonly ErrorScrubber _scrubber = new(ErrorScrubber.DefaultPatterns);

    [Theory, Trait("req", "J-16")]
    [InlineData("Password=hunter2;Server=db", "Password=***;Server=db")]
    [InlineData("pwd: 'a b c', next", "pwd: ***, next")]
    [InlineData("{\"password\":\"hunter2\",\"user\":\"ada\"}", "{\"password\":***,\"user\":\"ada\"}")]
    [InlineData("?api_key=abc&x=1", "?api_key=***&x=1")]
    [InlineData("client_secret = xyz", "client_secret = ***")]
    [InlineData("AccountName=ada;AccountKey=abc+/d==;X=1", "AccountName=ada;AccountKey=***;X=1")]
    [InlineData("passphrase: xyz", "passphrase: ***")]
    [InlineData("access_token=abc.def", "access_token=***")]
    [InlineData("Authorization: Bearer abc.def.ghi", "Authorization: ***")]
    [InlineData("Authorization: Basic dXNlcjpwYXNz", "Authorization: ***")]
    [InlineData("sent Bearer abcdefgh12345678 along", "sent Bearer *** along")]
    [InlineData("amqp://guest:gu3st@host:5672/", "amqp://guest:***@host:5672/")]
    [InlineData("The passenger kept the ticket.", "The passenger kept the ticket.")]
    public void Secrets_are_replaced_and_the_rest_is_kept(string text, string expected) => Assert.Equal(expected, _scrubber.Scrub(text));

    [Fact, Trait("req", "J-16")]
    public void A_description_names_the_inner_errors_and_is_bounded()
    {
        var error = new InvalidOperationException("outer", new IOException("token=abc"));
        var text = _scrubber.Describe(error);

        Assert.Contains("InvalidOperationException: outer", text, StringComparison.Ordinal);
        Assert.Contains("IOException: token=***", text, StringComparison.Ordinal);
        Assert.Equal(JobLimits.MaximumErrorLength, _scrubber.Describe(new InvalidOperationException(new string('x', 100_000))).Length);
    }

    [Fact, Trait("req", "J-16")]
    public void A_secret_across_the_cut_is_not_kept()
    {
        var text = new string('x', JobLimits.MaximumErrorLength - 12) + " password=hunter2hunter2";

        Assert.DoesNotContain("hunter", _scrubber.Scrub(text), StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-16")]
    public void A_cut_never_splits_a_surrogate_pair()
    {
        for (var pad = 0; pad < 4; pad++)
        {
            var text = _scrubber.Scrub(new string('x', pad) + string.Concat(Enumerable.Repeat("🌊", JobLimits.MaximumErrorLength)));
            Assert.True(text.Length <= JobLimits.MaximumErrorLength);
            for (var i = 0; i < text.Length; i++)
            {
                Assert.Equal(char.IsHighSurrogate(text[i]), i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]));
            }
        }
    }

    [Fact, Trait("req", "J-16")]
    public async Task A_pattern_of_ones_own_cannot_stall_a_worker()
    {
        var scrubber = new ErrorScrubber(["(a+)+$"]); // takes for ever with backtracking
        var scrubbing = Task.Run(() => scrubber.Scrub(new string('a', 8_000) + "!"));

        Assert.StartsWith("aaa", await scrubbing.WaitAsync(Engine.Guard), StringComparison.Ordinal);
    }
}
