namespace Millrace.Caching.FailSafe;

/// <summary>What a policy says about a source that fails, is slow, or has nothing, after configuration has had its say.</summary>
/// <param name="FailSafe">How long after its expiry a value may be served in the source's place; zero: not at all.</param>
/// <param name="Throttle">How long the source is left alone after a failure.</param>
/// <param name="Soft">When readers get the old value and the source goes on.</param>
/// <param name="Hard">When the source is given up.</param>
/// <param name="Negative">The lifetime of null.</param>
/// <param name="RefreshAhead">The share of the lifetime after which a value is refreshed.</param>
/// <param name="NotFoundWhen">Which exceptions mean null.</param>
internal sealed record SourceTerms(
    TimeSpan FailSafe, TimeSpan Throttle, TimeSpan? Soft, TimeSpan? Hard, TimeSpan? Negative, double? RefreshAhead, Func<Exception, bool>? NotFoundWhen)
{
    /// <summary>The limit of a source whose readers have gone on, or that nobody waits for, where the policy names none.</summary>
    public static readonly TimeSpan BackgroundLimit = TimeSpan.FromMinutes(1);

    /// <summary>The terms of a policy that says nothing.</summary>
    public static SourceTerms None { get; } = new(TimeSpan.Zero, TimeSpan.FromSeconds(5), null, null, null, null, null);

    /// <summary>Whether an expired value may be served.</summary>
    public bool IsFailSafe => FailSafe > TimeSpan.Zero;

    public static SourceTerms Of(CachePolicy policy, CachePolicySettings? settings)
    {
        if (settings is null && policy is { SoftTimeout: null, HardTimeout: null, NegativeExpiration: null, RefreshAhead: null, NotFoundWhen: null }
            && policy.FailSafe == TimeSpan.Zero)
        {
            return None; // most policies: nothing is made for a miss
        }

        var terms = new SourceTerms(
            settings?.FailSafe ?? policy.FailSafe,
            settings?.FailSafeThrottle ?? policy.FailSafeThrottle,
            settings?.SoftTimeout ?? policy.SoftTimeout,
            settings?.HardTimeout ?? policy.HardTimeout,
            settings?.NegativeExpiration ?? policy.NegativeExpiration,
            settings?.RefreshAhead ?? policy.RefreshAhead,
            policy.NotFoundWhen);
        return terms.Soft is not null && terms.Hard is null ? terms with { Hard = BackgroundLimit } : terms;
    }
}
