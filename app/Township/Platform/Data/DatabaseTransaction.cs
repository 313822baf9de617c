using System.Data.Common;
using Dapper;

namespace Township.Platform.Data;

/// <summary>Statements inside one transaction of <see cref="Database.InTransactionAsync{T}"/>; not for concurrent use.</summary>
internal sealed class DatabaseTransaction(DbConnection connection, DbTransaction transaction, SqlDialect dialect) : ISql
{
    public SqlDialect Dialect => dialect;

    /// <summary>For what Dapper does not cover, such as a prepared command for many rows.</summary>
    public DbConnection Connection => connection;

    public DbTransaction Transaction => transaction;

    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, object? args = null, CancellationToken cancellationToken = default) =>
        (await connection.QueryAsync<T>(Database.Command(sql, args, transaction, cancellationToken))).AsList();

    public Task<T?> FindAsync<T>(string sql, object? args = null, CancellationToken cancellationToken = default) =>
        connection.QueryFirstOrDefaultAsync<T>(Database.Command(sql, args, transaction, cancellationToken));

    public Task<T?> ScalarAsync<T>(string sql, object? args = null, CancellationToken cancellationToken = default) =>
        connection.ExecuteScalarAsync<T>(Database.Command(sql, args, transaction, cancellationToken));

    public Task<int> ExecuteAsync(string sql, object? args = null, CancellationToken cancellationToken = default) =>
        connection.ExecuteAsync(Database.Command(sql, args, transaction, cancellationToken));
}
