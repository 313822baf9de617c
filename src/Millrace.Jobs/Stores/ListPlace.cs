using System.Globalization;
using System.Runtime.InteropServices;

namespace Millrace.Jobs.Stores;

/// <summary>A place in the order of a list, and the text of a cursor. Smaller comes first; of two jobs of one state the numbers that order
/// them are compared one after the other.</summary>
/// <param name="Rank">The state's place among the states; 0 when jobs are listed by tag.</param>
/// <param name="First">Running: begin; waiting: the priority, negated; scheduled: due time; blocked: the enqueue; ended: the end, negated; by tag: the sequence, negated.</param>
/// <param name="Second">Waiting: due time; else 0.</param>
/// <param name="Sequence">The order of enqueue, negated when ended; 0 by tag.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ListPlace(int Rank, long First, long Second, long Sequence) : IComparable<ListPlace>
{
    private const long Least = -long.MaxValue;

    private static readonly JobState[] Order = [JobState.Running, JobState.Waiting, JobState.Scheduled, JobState.Blocked, JobState.Dead, JobState.Cancelled, JobState.Completed];

    /// <summary>The states that a query passes through from this place on.</summary>
    public IEnumerable<JobState> States(JobQuery query) => query.State is { } state ? [state] : Order[Rank..];

    /// <summary>The place before the first job of a state.</summary>
    public static ListPlace Before(JobState state) => new(Array.IndexOf(Order, state), Least, Least, Least);

    /// <summary>The place before the first job of a state that a query may find.</summary>
    public static ListPlace Start(JobState state, JobQuery query)
    {
        var before = Before(state);
        return state switch
        {
            JobState.Waiting => before,
            JobState.Running or JobState.Scheduled or JobState.Blocked => query.From is null ? before : before with { First = ListRange.From(query) },
            _ => query.Until is null ? before : new(before.Rank, -ListRange.Until(query), long.MaxValue, long.MaxValue),
        };
    }

    /// <summary>Where a job stands in the list that a query makes.</summary>
    public static ListPlace Of(JobRecord job, long sequence, JobQuery query)
    {
        if (query.Tag is not null)
        {
            return new(0, -sequence, 0, 0);
        }

        var rank = Array.IndexOf(Order, job.State);
        return job.State switch
        {
            JobState.Running => new(rank, Milliseconds(job.StartedAt), 0, sequence),
            JobState.Waiting => new(rank, -job.Priority, Milliseconds(job.DueAt), sequence),
            JobState.Blocked => new(rank, Milliseconds(job.CreatedAt), 0, sequence),
            JobState.Scheduled => new(rank, Milliseconds(job.DueAt), 0, sequence),
            _ => new(rank, -Milliseconds(job.FinishedAt), 0, -sequence),
        };
    }

    /// <summary>Where a query goes on; before the first job when it has no cursor.</summary>
    /// <exception cref="ArgumentException">The cursor is not one that <see cref="ToString"/> made for such a query.</exception>
    public static ListPlace Parse(JobQuery query)
    {
        if (query.Cursor is null)
        {
            return query.Tag is not null ? new(0, Least, 0, 0) : Before(query.State ?? Order[0]);
        }

        Span<Range> parts = stackalloc Range[5];
        var text = query.Cursor.AsSpan();
        if (text.Length <= 100 && text.Split(parts, '.') == 4
            && int.TryParse(text[parts[0]], NumberStyles.None, CultureInfo.InvariantCulture, out var rank) && rank < Order.Length
            && (query.Tag is not null ? rank == 0 : query.State is null || Order[rank] == query.State)
            && TryParse(text[parts[1]], out var first) && TryParse(text[parts[2]], out var second) && TryParse(text[parts[3]], out var sequence))
        {
            return new(rank, first, second, sequence);
        }

        throw new ArgumentException("The cursor is not one that this store gave for this query.", nameof(query));
    }

    public int CompareTo(ListPlace other) =>
        Rank != other.Rank ? Rank.CompareTo(other.Rank)
        : First != other.First ? First.CompareTo(other.First)
        : Second != other.Second ? Second.CompareTo(other.Second)
        : Sequence.CompareTo(other.Sequence);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rank}.{First}.{Second}.{Sequence}");

    public static bool operator <(ListPlace left, ListPlace right) => left.CompareTo(right) < 0;

    public static bool operator >(ListPlace left, ListPlace right) => left.CompareTo(right) > 0;

    public static bool operator <=(ListPlace left, ListPlace right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ListPlace left, ListPlace right) => left.CompareTo(right) >= 0;

    private static bool TryParse(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) && number >= Least;

    private static long Milliseconds(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() ?? 0;
}
