using Microsoft.Extensions.Logging;

namespace Millrace.Caching.WriteBehind;

/// <summary>What a write-behind is made of.</summary>
/// <param name="Cache">The cache that it belongs to.</param>
/// <param name="Store">Where writes wait; the write-behind's own.</param>
/// <param name="Codec">Writes and reads values.</param>
/// <param name="Deliver">Brings values to the source.</param>
/// <param name="Merge">Makes one value of a pending one and a newer one; null: the newer one.</param>
/// <param name="Time">The time.</param>
/// <param name="Logger">Told what went wrong.</param>
/// <param name="Owner">This node, in leases.</param>
internal sealed record WriteBehindParts<T>(
    Cache Cache,
    WriteBehindStore Store,
    PayloadCodec<T> Codec,
    Func<IReadOnlyList<WriteBehindWrite<T>>, CancellationToken, ValueTask> Deliver,
    Func<T, T, T>? Merge,
    TimeProvider Time,
    ILogger Logger,
    string Owner);
