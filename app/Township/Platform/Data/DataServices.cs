using System.Data.Common;
using Millrace.Sqlite;
using Npgsql;

namespace Township.Platform.Data;

/// <summary>Chooses the database and registers everything that reaches it.</summary>
internal static class DataServices
{
    public static void AddTownshipData(
        this IServiceCollection services, string? connectionString, DataDirectory data, IReadOnlyList<string> modules)
    {
        var postgres = PostgresConnectionString(connectionString);
        var dialect = postgres is null ? SqlDialect.Sqlite : SqlDialect.PostgreSql;
        services.AddSingleton<QueryCounter>();
        services.AddSingleton<DbDataSource>(provider => new CountingDataSource(
            postgres is null
                ? new SqliteDataSource(
                    string.IsNullOrWhiteSpace(connectionString) ? data.File("township.db") : connectionString,
                    logger: provider.GetRequiredService<ILogger<SqliteDataSource>>())
                : Postgres(postgres),
            provider.GetRequiredService<QueryCounter>()));
        services.AddSingleton(provider => new Database(provider.GetRequiredService<DbDataSource>(), dialect));
        services.AddSingleton(provider => new Migrator(
            Migration.Embedded(typeof(DataServices).Assembly, modules), provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<DatabaseStartup>();
    }

    private static NpgsqlDataSource Postgres(string connectionString)
    {
        try
        {
            return NpgsqlDataSource.Create(connectionString);
        }
        catch (ArgumentException exception)
        {
            throw new UnusableSettingException(
                $"ConnectionStrings:Township is not a connection string of PostgreSQL: {exception.Message}", exception);
        }
    }

    /// <summary>The Npgsql connection string that <paramref name="text"/> means, or null when it names a SQLite database.</summary>
    internal static string? PostgresConnectionString(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase))
        {
            var uri = new Uri(text);
            var user = uri.UserInfo.Split(':', 2);
            var builder = new NpgsqlConnectionStringBuilder
            {
                Host = uri.Host,
                Port = uri.Port > 0 ? uri.Port : 5432,
                Database = Uri.UnescapeDataString(uri.AbsolutePath.Trim('/')),
                Username = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
                Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            };
            return builder.ConnectionString;
        }

        var parts = new DbConnectionStringBuilder();
        try
        {
            parts.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            return null; // a plain path
        }

        return parts.ContainsKey("Host") || parts.ContainsKey("Server") ? text : null;
    }
}
