namespace Millrace.Caching.DropIns;

/// <summary>What an <c>IDistributedCache</c> was given: bytes, and the sliding span that readers prolong the entry by. Never changed, so readers share it.</summary>
/// <param name="data">The bytes; this object owns the array.</param>
/// <param name="sliding">How long the entry lives without a read; zero: reading has no influence.</param>
internal sealed class DistributedEntry(byte[] data, TimeSpan sliding)
{
    /// <summary>What an entry costs besides its bytes: the object, the array's head.</summary>
    private const int OverheadBytes = 64;

    public byte[] Data { get; } = data;

    public TimeSpan Sliding { get; } = sliding;

    public long Weight => Data.Length + OverheadBytes;
}
