namespace Millrace.Caching.Remote;

/// <summary>The right to store what the source brings, as long as nobody has broken it.</summary>
/// <param name="Bytes">What stands under the key while it holds.</param>
/// <param name="Stamp">The server's stamp at which it was given.</param>
internal sealed record RemoteLease(byte[] Bytes, long Stamp)
{
    /// <summary>
    /// The mark of the entry that stays until it is replaced (<see cref="RemoteAnswer.Mark"/>); empty: the lease stands in an entry's place.
    /// </summary>
    public ReadOnlyMemory<byte> Replaces { get; init; }
}
