namespace Township.Platform.Data;

/// <summary>
/// What a store asks of the database, alike on its own (<see cref="Database"/>: one short-lived connection per call) and
/// inside a transaction (<see cref="DatabaseTransaction"/>). Parameters are named: <c>@id</c> from <c>new { id }</c>.
/// </summary>
internal interface ISql
{
    SqlDialect Dialect { get; }

    /// <summary>All rows.</summary>
    Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? args = null, CancellationToken cancellationToken = default);

    /// <summary>The first row, or the default where there is none.</summary>
    Task<T?> FindAsync<T>(string sql, object? args = null, CancellationToken cancellationToken = default);

    /// <summary>The first column of the first row: counts and sums.</summary>
    Task<T?> ScalarAsync<T>(string sql, object? args = null, CancellationToken cancellationToken = default);

    /// <summary>Runs statements and returns how many rows changed. With a list as <paramref name="args"/>, once per element.</summary>
    Task<int> ExecuteAsync(string sql, object? args = null, CancellationToken cancellationToken = default);
}
