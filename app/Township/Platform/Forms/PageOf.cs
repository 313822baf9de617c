namespace Township.Platform.Forms;

/// <summary>One page of a list.</summary>
/// <param name="Items">The rows.</param>
/// <param name="Next">Pass as <c>after</c> for the page that follows; null where this is the last.</param>
internal sealed record PageOf<T>(IReadOnlyList<T> Items, string? Next)
{
    /// <summary>Makes a page of rows that were read one more than fit.</summary>
    public static PageOf<T> From(IReadOnlyList<T> rows, int size, Func<T, Cursor> cursor) =>
        rows.Count > size
            ? new PageOf<T>([.. rows.Take(size)], cursor(rows[size - 1]).ToString())
            : new PageOf<T>(rows, null);
}
