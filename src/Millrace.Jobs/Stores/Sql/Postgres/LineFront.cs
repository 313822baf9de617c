using System.Runtime.InteropServices;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>A place in a queue's line: nothing of the same priority waits before it.</summary>
/// <param name="Rank">The priority, negated.</param>
/// <param name="DueAt">Due time.</param>
/// <param name="Sequence">The order of enqueue.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LineFront(int Rank, long DueAt, long Sequence) : IComparable<LineFront>
{
    /// <summary>Before every job.</summary>
    public static LineFront Beginning { get; } = new(short.MinValue, long.MinValue, long.MinValue);

    public int CompareTo(LineFront other) =>
        Rank != other.Rank ? Rank.CompareTo(other.Rank)
        : DueAt != other.DueAt ? DueAt.CompareTo(other.DueAt)
        : Sequence.CompareTo(other.Sequence);

    public static bool operator <(LineFront left, LineFront right) => left.CompareTo(right) < 0;

    public static bool operator >(LineFront left, LineFront right) => left.CompareTo(right) > 0;

    public static bool operator <=(LineFront left, LineFront right) => left.CompareTo(right) <= 0;

    public static bool operator >=(LineFront left, LineFront right) => left.CompareTo(right) >= 0;
}
