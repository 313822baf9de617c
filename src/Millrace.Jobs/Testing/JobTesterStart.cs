using Microsoft.Extensions.Hosting;

namespace Millrace.Jobs.Testing;

/// <summary>In a host: finds out at its start whether the testing helpers are in place, and stores the schedules for all to see.</summary>
internal sealed class JobTesterStart(JobTester tester) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => tester.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
