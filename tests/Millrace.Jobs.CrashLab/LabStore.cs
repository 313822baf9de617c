using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Millrace.PostgreSql;
using Millrace.Sqlite;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.CrashLab;

/// <summary>The stores that the program knows.</summary>
internal static class LabStore
{
    /// <param name="jobs">Where the store is registered.</param>
    /// <param name="store"><c>sqlite</c>, <c>redis</c> or <c>postgres</c>.</param>
    /// <param name="where">A file or a connection string.</param>
    public static void Use(JobsBuilder jobs, string store, string where)
    {
        _ = store switch
        {
            "sqlite" => jobs.UseSqlite(where),
            "redis" => jobs.UseRedis(where),
            "postgres" => jobs.UsePostgres(where),
            _ => throw new ArgumentException($"The program knows no store '{store}'.", nameof(store)),
        };
    }

    /// <summary>Prints each heartbeat that succeeded with the time at which it began, and dies at the kill point.</summary>
    public static void Watch(IServiceCollection services, KillPoint killPoint)
    {
        var make = services.Last(static service => service.ServiceType == typeof(JobStore)).ImplementationFactory!;
        services.Replace(ServiceDescriptor.Singleton<JobStore>(provider =>
        {
            var began = 0L;
            return new FaultingJobStore((JobStore)make(provider), static _ => StoreFault.None)
            {
                Before = operation =>
                {
                    began = operation == "Heartbeat" ? Lines.Now : began;
                    return killPoint.ReachAsync(operation, "before");
                },
                After = operation =>
                {
                    if (operation == "Heartbeat")
                    {
                        Lines.Print($"beat {began}");
                    }

                    return killPoint.ReachAsync(operation, "after");
                },
            };
        }));
    }
}
