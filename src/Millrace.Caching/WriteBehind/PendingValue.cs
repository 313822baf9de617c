namespace Millrace.Caching.WriteBehind;

/// <summary>What a reader needs of a pending write.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="Payload">Its value.</param>
internal readonly record struct PendingValue(long Sequence, ReadOnlyMemory<byte> Payload);
