using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Health;

/// <summary>The job store answers a question in time.</summary>
internal sealed class JobStoreHealthCheck(JobClient jobs, JobStore store, TimeProvider clock, IOptions<MillraceOptions> options) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var timeout = new CancellationTokenSource(options.Value.QueryTimeout, clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var queues = await jobs.GetQueuesAsync(ending.Token).ConfigureAwait(false);
            return HealthCheckResult.Healthy(string.Create(CultureInfo.InvariantCulture, $"Store {store.Name}, {queues.Count} queues."));
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, $"The job store ({store.Name}) does not answer.", fault);
        }
    }
}
