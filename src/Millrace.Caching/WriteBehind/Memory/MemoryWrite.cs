namespace Millrace.Caching.WriteBehind.Memory;

/// <summary>A pending write and its place in the line.</summary>
internal sealed record MemoryWrite(PendingWrite Write, DateTimeOffset Due, int Weight);
