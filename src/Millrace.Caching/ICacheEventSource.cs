namespace Millrace.Caching;

/// <summary>
/// Brings events from elsewhere: a message broker, finished jobs, another process. Register one with
/// <see cref="CacheEventExtensions.AddEventSource{TSource}"/>; the rules for what it publishes run in this process.
/// </summary>
public interface ICacheEventSource
{
    /// <summary>Begins to listen; called once, when the host starts, which waits for it. What it throws stops the start.</summary>
    /// <param name="handler">
    /// Runs the rules for an event and returns when what they name is invalid. It throws an <see cref="InvalidOperationException"/> if a rule failed:
    /// acknowledge an event to its origin after the handler has returned, and decide what becomes of one that failed. May be called concurrently.
    /// </param>
    /// <param name="cancellationToken">Ends the start, not the listening.</param>
    /// <returns>Ends the listening when disposed: no call of the handler begins after that. The host's stop waits for it.</returns>
    ValueTask<IAsyncDisposable> SubscribeAsync(Func<CacheEvent, CancellationToken, ValueTask> handler, CancellationToken cancellationToken);
}
