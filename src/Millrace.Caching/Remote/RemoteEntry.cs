namespace Millrace.Caching.Remote;

/// <summary>An entry as the second level has it.</summary>
/// <param name="Stamp">The server's stamp at which the read of its source began.</param>
/// <param name="ExpiresAt">When it expires, in milliseconds of the server's clock since 1970. It may stay longer, to be served as stale.</param>
/// <param name="Flags">What the payload is.</param>
/// <param name="Schema">The schema of its type; a reader of another schema has no use for it.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Payload">The value as bytes, perhaps compressed.</param>
/// <param name="PayloadBytes">The length of the payload before compression.</param>
internal readonly record struct RemoteEntry(
    long Stamp, long ExpiresAt, EntryFlags Flags, int Schema, string[] Tags, ReadOnlyMemory<byte> Payload, int PayloadBytes);
