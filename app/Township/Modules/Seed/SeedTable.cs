namespace Township.Modules.Seed;

/// <summary>Rows for one table, each with a value per column.</summary>
internal sealed class SeedTable(string name, params string[] columns)
{
    private readonly List<object?[]> _rows = [];

    public string Name => name;

    public IReadOnlyList<string> Columns => columns;

    public IReadOnlyList<object?[]> Rows => _rows;

    public void Add(params object?[] row)
    {
        if (row.Length != columns.Length)
        {
            throw new ArgumentException($"{name} has {columns.Length} columns; the row has {row.Length} values.", nameof(row));
        }

        _rows.Add(row);
    }
}
