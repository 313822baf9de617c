using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.WriteBehind;
using Millrace.Caching.WriteBehind.Memory;
using Millrace.Caching.WriteBehind.Sql;

namespace Millrace.Caching;

/// <summary>Registers writes that reach their source later. Used while services are registered, by one thread.</summary>
public static class WriteBehindCacheBuilderExtensions
{
    /// <summary>
    /// Registers a <see cref="WriteBehind{T}"/>, as a singleton and under its name as a keyed one. Its writes wait in Redis, if <c>AddMillraceRedis</c> is
    /// called; else one of the <c>KeepWritesIn…</c> methods must say where.
    /// </summary>
    /// <typeparam name="T">The type of the values; give each write-behind of a cache its own, so that a key is looked for in one only.</typeparam>
    /// <param name="builder">The cache whose readers see the pending values.</param>
    /// <param name="name">Its name, unique in the cache: 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>. Pending writes are stored under it.</param>
    /// <param name="handler">
    /// Brings writes of different keys to the source; gets the services of a scope of its own. It must be ready to get a write twice, and is not called
    /// for two writes of a key at once. What it throws refuses all the writes of the call: they are tried again, in smaller groups, at last alone.
    /// </param>
    /// <param name="options">How it waits, flushes and gives up; null: the defaults. The section <c>Millrace:Cache:WriteBehind:NAME</c> of the configuration overrides them.</param>
    /// <param name="merge">
    /// Makes one value of a pending one and a newer one; null: the newer one counts. What it returns may reach the source instead of the pending value
    /// or after it, so it must be right in both cases: a maximum or a union is, a sum is not. Must not throw, wait, or change its arguments.
    /// </param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">The name is not allowed, or taken.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message says which.</exception>
    public static CacheBuilder AddWriteBehind<T>(
        this CacheBuilder builder,
        string name,
        Func<IServiceProvider, IReadOnlyList<WriteBehindWrite<T>>, CancellationToken, Task> handler,
        WriteBehindOptions? options = null,
        Func<T, T, T>? merge = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(handler);
        WriteBehindChecks.CheckName(name);
        options ??= new WriteBehindOptions();
        WriteBehindChecks.Check(options);
        var cacheName = builder.Name;
        if (builder.Services.Any(service => service.ImplementationInstance is WriteBehindRegistration other
            && string.Equals(other.CacheName, cacheName, StringComparison.OrdinalIgnoreCase) && string.Equals(other.Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new ArgumentException($"Cache '{cacheName}' has a write-behind '{name}' already. Names are unique in a cache: choose another.", nameof(name));
        }

        var key = $"{cacheName}/{name}".ToLowerInvariant();
        builder.Services.AddKeyedSingleton(key, (services, _) => WriteBehindFactory.Make(services, cacheName, name, handler, options, merge));
        builder.Services.AddKeyedSingleton(name, (services, _) => services.GetRequiredKeyedService<WriteBehind<T>>(key));
        builder.Services.AddSingleton(services => services.GetRequiredKeyedService<WriteBehind<T>>(key));
        builder.Services.AddSingleton(new WriteBehindRegistration(cacheName, name, typeof(T), services => services.GetRequiredKeyedService<WriteBehind<T>>(key)));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, WriteBehindHost>());
        return builder;
    }

    /// <summary>Keeps the pending writes of this cache in a SQLite database, 3.35 or newer. Applications call <c>KeepWritesInSqlite(path)</c> of Millrace.Sqlite.</summary>
    /// <param name="builder">The cache.</param>
    /// <param name="source">Opens connections to one file, in WAL mode, that wait for locks; stays the caller's, and must outlive the services.</param>
    /// <returns>The same builder.</returns>
    public static CacheBuilder KeepWritesInSqlite(this CacheBuilder builder, Func<IServiceProvider, DbDataSource> source) =>
        KeepWritesInSql(builder, source, WriteDialect.Sqlite);

    /// <summary>Keeps the pending writes of this cache in a PostgreSQL database; its tables begin with <c>millrace_writes</c>.</summary>
    /// <param name="builder">The cache.</param>
    /// <param name="source">Opens connections, such as Npgsql's data source; stays the caller's, and must outlive the services.</param>
    /// <returns>The same builder.</returns>
    public static CacheBuilder KeepWritesInPostgres(this CacheBuilder builder, Func<IServiceProvider, DbDataSource> source) =>
        KeepWritesInSql(builder, source, WriteDialect.Postgres);

    /// <summary>Keeps the pending writes of this cache in this process's memory: <b>not durable</b>, what is pending is lost when the process ends without a drain.</summary>
    /// <param name="builder">The cache.</param>
    /// <returns>The same builder.</returns>
    public static CacheBuilder KeepWritesInMemoryNotDurable(this CacheBuilder builder) => Choose(
        builder, static (services, _, limits) => new MemoryWriteBehindStore(limits, services.GetService<TimeProvider>() ?? TimeProvider.System));

    private static CacheBuilder KeepWritesInSql(CacheBuilder builder, Func<IServiceProvider, DbDataSource> source, WriteDialect dialect)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(builder);
        var cacheName = builder.Name.ToLowerInvariant();
        return Choose(builder, (services, name, limits) => new SqlWriteBehindStore(
            source(services), dialect, $"{cacheName}/{name}", limits, services.GetService<TimeProvider>() ?? TimeProvider.System));
    }

    private static CacheBuilder Choose(CacheBuilder builder, Func<IServiceProvider, string, StoreLimits, WriteBehindStore> make)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(new StoreChoice(builder.Name, make));
        return builder;
    }
}
