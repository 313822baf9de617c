using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Jobs;
using Millrace.PostgreSql.Listening;
using Npgsql;

namespace Millrace.PostgreSql;

/// <summary>Keeps jobs in a PostgreSQL database.</summary>
public static class PostgresJobsBuilderExtensions
{
    /// <summary>The key under which the jobs' <see cref="NpgsqlDataSource"/> is registered, for code that shares the database.</summary>
    public const string ServiceKey = "millrace.jobs";

    /// <summary>Keeps jobs in a PostgreSQL database, version 12 or newer, that any number of processes share.</summary>
    /// <typeparam name="TBuilder">The builder to go on with.</typeparam>
    /// <param name="builder">Where jobs are registered.</param>
    /// <param name="connectionString">A connection string of Npgsql, such as <c>Host=localhost;Database=app;Username=app</c>.</param>
    /// <param name="configure">How they are kept; null for the defaults.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">The connection string cannot be read or names no host, or an option is out of its range.</exception>
    public static TBuilder UsePostgres<TBuilder>(this TBuilder builder, string connectionString, Action<PostgresJobsOptions>? configure = null)
        where TBuilder : IJobsBuilder
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (string.IsNullOrEmpty(settings.Host))
        {
            throw new ArgumentException("The PostgreSQL connection string names no server: add 'Host=NAME'.", nameof(connectionString));
        }

        settings.ApplicationName ??= "millrace";
        return builder.UsePostgres(
            services =>
            {
                var source = new NpgsqlDataSourceBuilder(settings.ConnectionString);
                source.UseLoggerFactory(services.GetService<ILoggerFactory>());
                return source.Build();
            },
            configure);
    }

    /// <inheritdoc cref="UsePostgres{TBuilder}(TBuilder, string, Action{PostgresJobsOptions}?)" path="/summary|/typeparam|/returns" />
    /// <param name="builder">Where jobs are registered.</param>
    /// <param name="dataSource">Opens connections to the database; stays the caller's, and must outlive the host.</param>
    /// <param name="configure">How they are kept; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static TBuilder UsePostgres<TBuilder>(this TBuilder builder, NpgsqlDataSource dataSource, Action<PostgresJobsOptions>? configure = null)
        where TBuilder : IJobsBuilder
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        var source = Use(builder, configure);
        source.AddKeyedSingleton(ServiceKey, dataSource);
        return builder;
    }

    /// <inheritdoc cref="UsePostgres{TBuilder}(TBuilder, string, Action{PostgresJobsOptions}?)" path="/summary|/typeparam|/returns" />
    /// <param name="builder">Where jobs are registered.</param>
    /// <param name="dataSource">Makes, or finds among the application's services, what opens connections to the database. One that
    /// it makes is closed with the host.</param>
    /// <param name="configure">How they are kept; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static TBuilder UsePostgres<TBuilder>(this TBuilder builder, Func<IServiceProvider, NpgsqlDataSource> dataSource, Action<PostgresJobsOptions>? configure = null)
        where TBuilder : IJobsBuilder
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        var services = Use(builder, configure);
        services.AddKeyedSingleton(ServiceKey, (provider, _) => dataSource(provider));
        return builder;
    }

    private static IServiceCollection Use(IJobsBuilder builder, Action<PostgresJobsOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new PostgresJobsOptions();
        configure?.Invoke(options);
        SqlJobStore.CheckSchema(options.Schema);
        var services = builder.Services;
        services.RemoveAllKeyed<NpgsqlDataSource>(ServiceKey);
        services.Replace(ServiceDescriptor.Singleton<JobStore>(provider =>
        {
            var source = provider.GetRequiredKeyedService<NpgsqlDataSource>(ServiceKey);
            var logger = (provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger<NpgsqlListener>();
            return SqlJobStore.OnPostgres(source, options.Schema, new NpgsqlListener(source, logger));
        }));
        return services;
    }
}
