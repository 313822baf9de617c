namespace Millrace.Caching.WriteBehind;

/// <summary>A write that the source refused for the last time.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Sequence">Its number.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Since">Since when a write of its key waited.</param>
/// <param name="DiedAt">When it died.</param>
/// <param name="Reason">Why.</param>
/// <param name="Payload">Its value.</param>
internal sealed record DeadRecord(
    string Key, long Sequence, int Attempts, DateTimeOffset Since, DateTimeOffset DiedAt, string Reason, ReadOnlyMemory<byte> Payload);
