using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Health;

/// <summary>The hub's services are there and count.</summary>
internal sealed class ChannelHealthCheck(ChannelClient channels) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var statistics = channels.GetStatistics(topChannels: 0);
        return Task.FromResult(HealthCheckResult.Healthy(string.Create(
            CultureInfo.InvariantCulture, $"{statistics.Connections} connections, {statistics.Channels} channels.")));
    }
}
