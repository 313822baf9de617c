namespace Millrace.Caching.Limiting;

/// <summary>Where the states of limits are: one atomic step for each request.</summary>
internal abstract class LimitStore
{
    /// <summary>Takes permits if they are there; with 0, only tells whether one is.</summary>
    /// <param name="resource">What is limited; its signature and name are the state's key.</param>
    /// <param name="limit">The rule.</param>
    /// <param name="permits">From 0 to the limit's permits.</param>
    /// <param name="cancellationToken">Gives up; the permits may be taken nevertheless.</param>
    public abstract ValueTask<Decision> AcquireAsync(string resource, RateLimit limit, int permits, CancellationToken cancellationToken);
}
