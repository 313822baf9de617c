using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Millrace.AspNetCore.Hosting;

/// <summary>At start: refuses policies that do not exist, and says once who can get in.</summary>
internal sealed class AccessNotice(
    MappedParts mapped, IAuthorizationPolicyProvider policies, IHostEnvironment environment, ILoggerFactory loggers, IOptions<MillraceOptions> options) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        await CheckAsync(nameof(settings.ReadPolicy), settings.ReadPolicy).ConfigureAwait(false);
        await CheckAsync(nameof(settings.OperatePolicy), settings.OperatePolicy).ConfigureAwait(false);
        if (!mapped.Management || settings.IsOpenedByPolicy)
        {
            return;
        }

        var logger = loggers.MillraceLogger();
        if (environment.IsDevelopment())
        {
            Log.OpenLocally(logger, settings.ManagementPath, settings.DashboardPath);
        }
        else
        {
            Log.Closed(logger);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CheckAsync(string setting, string? policy)
    {
        if (policy is not null && await policies.GetPolicyAsync(policy).ConfigureAwait(false) is null)
        {
            throw new InvalidOperationException(
                $"Millrace:{setting} is '{policy}', and no authorization policy has that name. Register it: "
                + $"builder.Services.AddAuthorizationBuilder().AddPolicy(\"{policy}\", policy => …).");
        }
    }
}
