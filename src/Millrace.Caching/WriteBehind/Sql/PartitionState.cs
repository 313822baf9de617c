namespace Millrace.Caching.WriteBehind.Sql;

/// <summary>A partition's row.</summary>
internal sealed record PartitionState(string Owner, long Fence, long Until, long Pending, long Bytes, long Dead);
