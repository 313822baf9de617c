using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;

namespace Millrace.Sqlite;

/// <summary>Keeps jobs in a SQLite file.</summary>
public static class SqliteJobsBuilderExtensions
{
    /// <summary>The key under which the jobs' <see cref="SqliteDataSource"/> is registered, for code that shares the file.</summary>
    public const string ServiceKey = "millrace.jobs";

    /// <summary>Keeps jobs in a SQLite file: they survive the end of the process, kill -9 included, and with the default options a power loss. Several
    /// processes of one machine may share the file.</summary>
    /// <typeparam name="TBuilder">The builder to go on with.</typeparam>
    /// <param name="builder">Where jobs are registered.</param>
    /// <param name="path">The file's path, relative to the current directory; or a connection string of Microsoft.Data.Sqlite. The file and
    /// its directory are created at start.</param>
    /// <param name="configure">How the file is opened; null for the defaults.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">The path names no file, or an option is out of its range.</exception>
    public static TBuilder UseSqlite<TBuilder>(this TBuilder builder, string path, Action<SqliteOptions>? configure = null)
        where TBuilder : IJobsBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new SqliteOptions();
        configure?.Invoke(options);
        using (new SqliteDataSource(path, options))
        {
            // Opens nothing; finds faults in the arguments here, where they were written.
        }

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.RemoveAllKeyed<SqliteDataSource>(ServiceKey);
        builder.Services.AddKeyedSingleton(
            ServiceKey, (services, _) => new SqliteDataSource(path, options, services.GetService<ILogger<SqliteDataSource>>()));
        builder.Services.Replace(ServiceDescriptor.Singleton<JobStore>(static services => SqlJobStore.OnSqlite(
            services.GetRequiredKeyedService<SqliteDataSource>(ServiceKey), services.GetRequiredService<TimeProvider>())));
        return builder;
    }
}
