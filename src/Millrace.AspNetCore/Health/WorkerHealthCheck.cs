using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Health;

/// <summary>Somebody works: some worker has a live lease, and no schedule is long overdue.</summary>
internal sealed class WorkerHealthCheck(JobClient jobs, TimeProvider clock, IOptions<MillraceOptions> options) : IHealthCheck
{
    private static readonly TimeSpan LongOverdue = TimeSpan.FromMinutes(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var timeout = new CancellationTokenSource(options.Value.QueryTimeout, clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var now = clock.GetUtcNow();
            var workers = await jobs.GetWorkersAsync(ending.Token).ConfigureAwait(false);
            var alive = workers.Count(worker => worker.LeaseUntil > now);
            if (alive == 0)
            {
                return HealthCheckResult.Degraded("No worker is alive: jobs wait. Start a process that serves queues.");
            }

            var schedules = await jobs.GetSchedulesAsync(ending.Token).ConfigureAwait(false);
            var late = schedules.Where(schedule => !schedule.Paused && schedule.NextAt is { } next && now - next > LongOverdue).Select(schedule => schedule.Definition.Name).ToArray();
            return late.Length > 0
                ? HealthCheckResult.Degraded($"Overdue schedules: {string.Join(", ", late.Take(10))}.")
                : HealthCheckResult.Healthy(string.Create(CultureInfo.InvariantCulture, $"{alive} of {workers.Count} workers alive, {schedules.Count} schedules on time."));
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "Workers cannot be read from the job store.", fault);
        }
    }
}
