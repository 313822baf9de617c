using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Jobs;

/// <summary>What a store package extends: <c>builder.UseSqlite(path)</c> works on a <see cref="JobsBuilder"/> and on any larger builder.
/// A store is registered as the singleton <see cref="JobStore"/>; the last one wins.</summary>
public interface IJobsBuilder
{
    /// <summary>The application's services.</summary>
    IServiceCollection Services { get; }
}
