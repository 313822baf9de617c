namespace Millrace.Jobs;

/// <summary>How a <see cref="JobRate"/> is counted.</summary>
public enum JobRateKind
{
    /// <summary>In no stretch of time of the period's length are more than so many started.</summary>
    SlidingWindow = 0,

    /// <summary>A bucket that holds so many tokens and is filled evenly, once in a period; each start takes one. After a pause so many may start at once
    /// while the next ones already come in. Source: the generic cell rate algorithm, ITU-T I.371.</summary>
    TokenBucket = 1,
}
