using Millrace.Jobs;
using Millrace.PostgreSql;
using Millrace.Sqlite;

namespace Millrace.JobLoad.Roles;

/// <summary>The stores of the engine by name: the one place that a new store is wired in.</summary>
internal static class StoreChoice
{
    public const string Memory = "memory";
    public const string Sqlite = "sqlite";
    public const string Redis = "redis";
    public const string Postgres = "postgres";

    private static readonly Dictionary<string, Action<JobsBuilder, RoleOptions>> Stores = new(StringComparer.Ordinal)
    {
        [Memory] = static (jobs, _) => jobs.UseMemory(),
        [Sqlite] = static (jobs, options) => jobs.UseSqlite(options.At, sqlite => sqlite.Synchronous = Enum.Parse<SqliteSynchronous>(options.Synchronous, ignoreCase: true)),
        [Redis] = static (jobs, options) => jobs.UseRedis(options.At),
        [Postgres] = static (jobs, options) => jobs.UsePostgres(options.At),
    };

    /// <summary>Whether the engine has the store yet.</summary>
    public static bool IsThere(string store) => Stores.ContainsKey(store);

    public static void Use(JobsBuilder jobs, RoleOptions options) => Stores[options.Store](jobs, options);
}
