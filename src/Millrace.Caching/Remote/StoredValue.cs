namespace Millrace.Caching.Remote;

/// <summary>What stands under a key of the second level, cut for <see cref="EntryCodec.Read(in StoredValue, string[], int, out RemoteEntry)"/>.</summary>
/// <param name="Head">Of an entry all that stands before its payload, of anything else as much as a lease has; null: there is nothing.</param>
/// <param name="Payload">An entry's payload: a whole array of its own, unless it is part of a longer one that came in.</param>
/// <param name="PayloadAt">Where an entry's payload begins; negative: it is no entry.</param>
/// <param name="IsIntact">Whether the checksum is that of the bytes.</param>
/// <param name="Length">The length of all of it in bytes.</param>
internal readonly record struct StoredValue(byte[]? Head, ReadOnlyMemory<byte> Payload, int PayloadAt, bool IsIntact, int Length);
