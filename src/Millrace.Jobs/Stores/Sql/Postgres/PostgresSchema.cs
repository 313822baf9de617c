using System.Data.Common;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Brings a database to this version's schema: numbered migrations, applied in one transaction that no other process can enter.</summary>
internal static class PostgresSchema
{
    /// <summary>The store's name, and that of its folder of migrations.</summary>
    public const string Name = "postgres";

    private const int OldestVersion = 120_000; // generated columns
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private const string Server = "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding')";
    private const string Turn = "SELECT pg_advisory_xact_lock(hashtextextended('millrace.schema', 0))";
    private const string HasSchema = "SELECT to_regnamespace($1::text) IS NOT NULL, to_regclass($1::text || '.schema') IS NOT NULL";
    private const string CreateSchema = "CREATE SCHEMA millrace.";
    private const string CreateTable = "CREATE TABLE millrace.schema (version bigint PRIMARY KEY, applied_at bigint NOT NULL)";
    private const string Select = "SELECT coalesce(max(version), 0) FROM millrace.schema";
    private const string Insert = "INSERT INTO millrace.schema (version, applied_at) VALUES ($1, millrace.clock($2))";

    /// <exception cref="InvalidOperationException">The server is too old, its text is not UTF-8, or a newer Millrace has used the schema.</exception>
    public static async ValueTask MigrateAsync(DbDataSource dataSource, PostgresTexts texts, long? now, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await CheckServerAsync(connection, cancellationToken).ConfigureAwait(false);
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await MigrateAsync(transaction, texts, now, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask MigrateAsync(DbTransaction transaction, PostgresTexts texts, long? now, CancellationToken cancellationToken)
    {
        // Others that come at the same time wait here, and then find everything done.
        await RunAsync(transaction, texts.InSchema(Turn), cancellationToken).ConfigureAwait(false);
        var (hasSchema, hasTable) = await FirstAsync(
            transaction, HasSchema, static row => (row.Flag(0), row.Flag(1)), cancellationToken, texts.Schema).ConfigureAwait(false);
        if (!hasSchema)
        {
            // Not IF NOT EXISTS: it asks for the right to create schemas also when there is nothing to create.
            await RunAsync(transaction, texts.InSchema(CreateSchema).TrimEnd('.'), cancellationToken).ConfigureAwait(false);
        }

        if (!hasTable)
        {
            await RunAsync(transaction, texts.InSchema(CreateTable), cancellationToken).ConfigureAwait(false);
        }

        var before = await FirstAsync(transaction, texts.InSchema(Select), static row => row.Number(0), cancellationToken).ConfigureAwait(false);
        foreach (var (version, text) in new SqlMigrations(Name).After(before))
        {
            await RunAsync(transaction, texts.InSchema(text), cancellationToken).ConfigureAwait(false);
            await RunAsync(transaction, texts.InSchema(Insert), cancellationToken, version, now).ConfigureAwait(false);
        }
    }

    private static async ValueTask CheckServerAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var command = Command(connection, transaction: null, Server);
        await using (command.ConfigureAwait(false))
        {
            var (version, encoding) = await FirstAsync(command, static row => (row.Number(0), row.Text(1, 100)), cancellationToken).ConfigureAwait(false);
            if (version < OldestVersion)
            {
                throw new InvalidOperationException(
                    $"The job store needs PostgreSQL {OldestVersion / 10_000} or newer; this server is {connection.ServerVersion}. Update the server.");
            }

            if (encoding != "UTF8")
            {
                throw new InvalidOperationException(
                    $"The job store needs a database whose encoding is UTF8; that of '{connection.Database}' is {encoding}. Create another database with ENCODING 'UTF8'.");
            }
        }
    }

    private static async ValueTask RunAsync(DbTransaction transaction, string sql, CancellationToken cancellationToken, params object?[] values)
    {
        var command = Command(transaction.Connection!, transaction, sql, values);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask<T> FirstAsync<T>(
        DbTransaction transaction, string sql, Func<SqlRow, T> read, CancellationToken cancellationToken, params object?[] values)
    {
        var command = Command(transaction.Connection!, transaction, sql, values);
        await using (command.ConfigureAwait(false))
        {
            return await FirstAsync(command, read, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask<T> FirstAsync<T>(DbCommand command, Func<SqlRow, T> read, CancellationToken cancellationToken)
    {
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            return await reader.ReadAsync(cancellationToken).ConfigureAwait(false)
                ? read(new SqlRow(reader))
                : throw new InvalidOperationException("The database gave no answer.");
        }
    }

    private static DbCommand Command(DbConnection connection, DbTransaction? transaction, string sql, params object?[] values)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts are constants of this package, with the checked name of the schema
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Transaction = transaction;
        command.CommandTimeout = (int)Limit.TotalSeconds;
        foreach (var value in values)
        {
            var parameter = command.CreateParameter();
            parameter.DbType = value is string ? System.Data.DbType.String : System.Data.DbType.Int64;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
