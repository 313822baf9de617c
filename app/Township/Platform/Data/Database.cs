using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Township.Platform.Data;

/// <summary>Township's database. Portable SQL only: the rules stand in Platform/README.md.</summary>
internal sealed class Database(DbDataSource source, SqlDialect dialect) : ISql
{
    public SqlDialect Dialect => dialect;

    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, object? args = null, CancellationToken cancellationToken = default)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<T>(Command(sql, args, null, cancellationToken))).AsList();
    }

    public async Task<T?> FindAsync<T>(string sql, object? args = null, CancellationToken cancellationToken = default)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<T>(Command(sql, args, null, cancellationToken));
    }

    public async Task<T?> ScalarAsync<T>(string sql, object? args = null, CancellationToken cancellationToken = default)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<T>(Command(sql, args, null, cancellationToken));
    }

    public async Task<int> ExecuteAsync(string sql, object? args = null, CancellationToken cancellationToken = default)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(Command(sql, args, null, cancellationToken));
    }

    /// <summary>
    /// Runs <paramref name="work"/> in one transaction: committed when it returns, rolled back when it throws. On SQLite the
    /// transaction takes the write lock at its start (BEGIN IMMEDIATE), so it never fails half way for lack of it.
    /// </summary>
    public async Task<T> InTransactionAsync<T>(
        Func<DatabaseTransaction, Task<T>> work, CancellationToken cancellationToken = default)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var result = await work(new DatabaseTransaction(connection, transaction, dialect));
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    /// <inheritdoc cref="InTransactionAsync{T}"/>
    public Task InTransactionAsync(Func<DatabaseTransaction, Task> work, CancellationToken cancellationToken = default) =>
        InTransactionAsync<object?>(
            async transaction =>
            {
                await work(transaction);
                return null;
            },
            cancellationToken);

    /// <summary>Whether <paramref name="exception"/> says that a unique key is already taken.</summary>
    public static bool IsUniqueViolation(DbException exception) => exception switch
    {
        // 2067 SQLITE_CONSTRAINT_UNIQUE, 1555 SQLITE_CONSTRAINT_PRIMARYKEY
        SqliteException sqlite => sqlite.SqliteExtendedErrorCode is 2067 or 1555,
        PostgresException postgres => postgres.SqlState == PostgresErrorCodes.UniqueViolation,
        _ => false,
    };

    internal static CommandDefinition Command(
        string sql, object? args, DbTransaction? transaction, CancellationToken cancellationToken) =>
        new(sql, args, transaction, cancellationToken: cancellationToken);
}
