namespace Millrace.Jobs.Tests.Retrying;

public sealed class RetryPolicyTests
{
    private static readonly Exception Error = new InvalidOperationException("boom");

    [Fact, Trait("req", "J-05")]
    public void Exponential_delays_double_up_to_their_maximum()
    {
        var policy = RetryPolicy.Exponential(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), jitter: 0);

        Assert.Equal([5, 10, 20, 40, 60, 60], Enumerable.Range(1, 6).Select(attempt => policy.GetDelay(attempt, Error, 0.7).TotalSeconds));
        Assert.Equal(60, policy.GetDelay(1_000, Error, 0).TotalSeconds);
    }

    [Theory, Trait("req", "J-05")]
    [InlineData(0.5, 0.0, 10)]
    [InlineData(0.5, 0.5, 7.5)]
    [InlineData(0.5, 1.0, 5)]
    [InlineData(1.0, 1.0, 0)]
    public void Jitter_takes_off_its_share_by_chance(double jitter, double chance, double seconds) =>
        Assert.Equal(seconds, RetryPolicy.Exponential(TimeSpan.FromSeconds(10), TimeSpan.FromHours(1), jitter).GetDelay(1, Error, chance).TotalSeconds, 6);

    [Fact, Trait("req", "J-05")]
    public void Fixed_delays_are_fixed() =>
        Assert.All(Enumerable.Range(1, 5), static attempt => Assert.Equal(TimeSpan.FromSeconds(3), RetryPolicy.Fixed(TimeSpan.FromSeconds(3)).GetDelay(attempt, Error, 0.9)));

    [Fact, Trait("req", "J-05")]
    public void A_custom_policy_sees_attempt_and_error_and_a_bad_one_falls_back_to_the_default()
    {
        Assert.Equal(TimeSpan.FromSeconds(4), RetryPolicy.Custom(static (attempt, error) => TimeSpan.FromSeconds(attempt + error.Message.Length - 2)).GetDelay(2, Error, 0));
        var fallback = RetryPolicy.Default.GetDelay(3, Error, 0.25);
        Assert.Equal(fallback, RetryPolicy.Custom(static (_, _) => throw new InvalidOperationException()).GetDelay(3, Error, 0.25));
        Assert.Equal(fallback, RetryPolicy.Custom(static (_, _) => TimeSpan.FromSeconds(-1)).GetDelay(3, Error, 0.25));
        Assert.Equal(fallback, RetryPolicy.Custom(static (_, _) => TimeSpan.MaxValue).GetDelay(3, Error, 0.25));
    }

    [Theory, Trait("req", "J-05")]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Jitter_out_of_range_is_refused(double jitter) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RetryPolicy.Exponential(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), jitter));
}
