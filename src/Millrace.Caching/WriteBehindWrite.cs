namespace Millrace.Caching;

/// <summary>A write that the source is to take. It may come again with the same number: after a crash, a lost answer, or another attempt.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; of several writes of the key that waited, the last.</param>
/// <param name="Sequence">
/// The write's number. Later writes of a key have greater ones, on all nodes. A source that keeps it and takes only greater ones is never set back, not
/// even by a node that stood still in the middle of a call and went on when another had its place.
/// </param>
/// <param name="Attempt">Which attempt this is; the first is 1.</param>
/// <param name="Since">Since when a write of the key has waited.</param>
public sealed record WriteBehindWrite<T>(string Key, T Value, long Sequence, int Attempt, DateTimeOffset Since);
