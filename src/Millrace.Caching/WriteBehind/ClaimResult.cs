namespace Millrace.Caching.WriteBehind;

/// <summary>The answer to a claim.</summary>
/// <param name="Fence">The owner's fencing number; 0: another is the owner.</param>
/// <param name="IsNew">The caller was not the owner before.</param>
/// <param name="Writes">What is due.</param>
/// <param name="Next">When the next write is due that was not brought, or when the other owner's lease ends; null: nothing more is pending.</param>
/// <param name="Counts">What the partition holds, the writes that were brought included.</param>
internal sealed record ClaimResult(long Fence, bool IsNew, IReadOnlyList<PendingWrite> Writes, TimeSpan? Next, PartitionCounts Counts)
{
    public bool IsOwner => Fence != 0;

    public static ClaimResult OwnedByAnother(TimeSpan left) => new(0, IsNew: false, [], left, default);
}
