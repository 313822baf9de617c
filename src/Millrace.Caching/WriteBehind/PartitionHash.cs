namespace Millrace.Caching.WriteBehind;

/// <summary>Which partition a key belongs to: the same in every process and for ever, because it is part of what is stored.</summary>
internal static class PartitionHash
{
    /// <summary>FNV-1a over the UTF-16 units (http://www.isthe.com/chongo/tech/comp/fnv), with MurmurHash3's finalizer, whose low bits are even.</summary>
    public static int Of(ReadOnlySpan<char> key)
    {
        var hash = 2166136261u;
        foreach (var unit in key)
        {
            hash = (hash ^ (unit & 0xFFu)) * 16777619u;
            hash = (hash ^ (uint)(unit >> 8)) * 16777619u;
        }

        hash = (hash ^ (hash >> 16)) * 0x85EBCA6Bu;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35u;
        return (int)((hash ^ (hash >> 16)) % WriteBehindStore.Partitions);
    }
}
