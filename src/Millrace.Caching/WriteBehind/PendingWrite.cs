namespace Millrace.Caching.WriteBehind;

/// <summary>A write that waits for its source.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Sequence">Its number.</param>
/// <param name="Attempts">How often the source has refused it.</param>
/// <param name="Since">Since when a write of its key waits, by the store's clock.</param>
/// <param name="Payload">Its value.</param>
internal sealed record PendingWrite(string Key, long Sequence, int Attempts, DateTimeOffset Since, ReadOnlyMemory<byte> Payload);
