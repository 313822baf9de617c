using Microsoft.Extensions.Logging;

namespace Millrace.Caching.WriteBehind.Flushing;

/// <summary>What the loops of one write-behind share.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Options">Its options.</param>
/// <param name="Store">Where writes wait.</param>
/// <param name="Owner">This node, in leases.</param>
/// <param name="Deliver">Brings writes of different keys to the source; throws if it does not take them all.</param>
/// <param name="Forget">Drops a key from the cache.</param>
/// <param name="Slots">Limits the calls of the source that are under way.</param>
/// <param name="Counters">What happened.</param>
/// <param name="StoreOutage">Whether the store answers.</param>
/// <param name="SourceOutage">Whether the source takes writes.</param>
/// <param name="Time">The time.</param>
/// <param name="Logger">Told what went wrong.</param>
internal sealed record FlushContext(
    string Name,
    WriteBehindOptions Options,
    WriteBehindStore Store,
    string Owner,
    Func<IReadOnlyList<PendingWrite>, CancellationToken, ValueTask> Deliver,
    Func<string, ValueTask> Forget,
    SemaphoreSlim Slots,
    FlushCounters Counters,
    Outage StoreOutage,
    Outage SourceOutage,
    TimeProvider Time,
    ILogger Logger)
{
    public Backoff Backoff { get; } = new(Options.FirstRetryDelay, Options.LongestRetryDelay, BitConverter.ToInt64(Guid.NewGuid().ToByteArray()));
}
