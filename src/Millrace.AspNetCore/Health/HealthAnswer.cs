using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Millrace.AspNetCore.Access;

namespace Millrace.AspNetCore.Health;

/// <summary>Answers health requests: the status for everyone, the checks only for callers on this machine in Development.</summary>
internal static class HealthAnswer
{
    public static HealthView View(HealthReport report, bool withDetails) => new(
        report.Status.ToString(),
        withDetails
            ? [.. report.Entries.Select(entry => new HealthEntry(entry.Key, entry.Value.Status.ToString(), entry.Value.Description, entry.Value.Duration.TotalMilliseconds))]
            : null);

    public static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var withDetails = context.RequestServices.GetRequiredService<IHostEnvironment>().IsDevelopment() && Caller.IsLocal(context);
        context.Response.ContentType = "application/json; charset=utf-8";
        return JsonSerializer.SerializeAsync(context.Response.Body, View(report, withDetails), HealthJson.Default.HealthView, context.RequestAborted);
    }
}
