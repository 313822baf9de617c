using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Caching;

namespace Millrace.Sqlite;

/// <summary>Keeps what a cache must not lose in a SQLite file.</summary>
public static class SqliteCacheBuilderExtensions
{
    /// <summary>The beginning of the key under which a cache's <see cref="SqliteDataSource"/> is registered; the cache's name follows.</summary>
    public const string ServiceKeyPrefix = "millrace.cache.";

    /// <summary>
    /// Keeps the pending writes of this cache's write-behinds in a SQLite file: they survive the end of the process, kill -9 included, and with the
    /// default options a power loss. Several processes of one machine may share the file.
    /// </summary>
    /// <param name="builder">The cache.</param>
    /// <param name="path">The file's path, relative to the current directory; or a connection string of Microsoft.Data.Sqlite. The file and its
    /// directory are created at start. The file of the jobs may be used too.</param>
    /// <param name="configure">How the file is opened; null for the defaults.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">The path names no file, or an option is out of its range.</exception>
    public static CacheBuilder KeepWritesInSqlite(this CacheBuilder builder, string path, Action<SqliteOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new SqliteOptions();
        configure?.Invoke(options);
        using (new SqliteDataSource(path, options))
        {
            // Opens nothing; finds faults in the arguments here, where they were written.
        }

        var key = ServiceKeyPrefix + builder.Name.ToLowerInvariant();
        builder.Services.AddKeyedSingleton(
            key, (services, _) => new SqliteDataSource(path, options, services.GetService<ILogger<SqliteDataSource>>()));
        return builder.KeepWritesInSqlite(services => services.GetRequiredKeyedService<SqliteDataSource>(key));
    }
}
