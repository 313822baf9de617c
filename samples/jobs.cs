#!/usr/bin/env dotnet
// Durable jobs in one screen: dotnet run samples/jobs.cs
#:project ../src/Millrace.Jobs/Millrace.Jobs.csproj
#:package Microsoft.Extensions.Hosting
#:property PublishAot=false

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;

var builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddMillraceJobs(options => options.Retry = RetryPolicy.Fixed(TimeSpan.FromMilliseconds(200)))
    .AddQueue("email", concurrency: 5)
    .AddHandler<SendWelcome, SendWelcomeHandler>("send-welcome", job => job.Queue = "email")
    .AddHandler<BuildReport, BuildReportHandler>("build-report")
    .AddSchedule("heartbeat", "* * * * * *", new SendWelcome("the clock"));
builder.Services.AddSingleton<IJobObserver, Narrator>();

using var host = builder.Build();
await host.StartAsync();
var jobs = host.Services.GetRequiredService<JobClient>();

await jobs.EnqueueAsync(new SendWelcome("Ada"));
await jobs.EnqueueAsync(new SendWelcome("Grace"), o => o.Delay(TimeSpan.FromSeconds(1)).Priority(5).Tag("vip"));
var report = await jobs.EnqueueAsync(new BuildReport(2026));

await Task.Delay(TimeSpan.FromSeconds(2.5), TimeProvider.System);
Console.WriteLine($"The report is {(await jobs.GetAsync(report))!.State}.");
foreach (var queue in await jobs.GetQueuesAsync())
{
    Console.WriteLine($"Queue {queue.Name}: {queue.Completed} completed, {queue.Dead} dead, {queue.Concurrency} at once.");
}

await host.StopAsync();

internal sealed record SendWelcome(string Name);

internal sealed record BuildReport(int Year);

internal sealed class SendWelcomeHandler : IJobHandler<SendWelcome>
{
    public Task HandleAsync(SendWelcome job, JobContext context, CancellationToken cancellationToken)
    {
        Console.WriteLine($"Welcome, {job.Name}!");
        return Task.CompletedTask;
    }
}

internal sealed class BuildReportHandler : IJobHandler<BuildReport>
{
    public async Task HandleAsync(BuildReport job, JobContext context, CancellationToken cancellationToken)
    {
        await context.ReportProgressAsync(50, $"reading {job.Year}", cancellationToken);
        if (context.Attempt == 1)
        {
            throw new IOException("The archive did not answer; password=not-for-the-log");
        }

        await context.ReportProgressAsync(100, "done", cancellationToken);
    }
}

internal sealed class Narrator : IJobObserver
{
    public ValueTask OnChangedAsync(JobChange change, CancellationToken cancellationToken)
    {
        var progress = change.ProgressPercent is { } percent ? $" {percent} % {change.ProgressMessage}" : "";
        Console.WriteLine($"  {change.Type}: {change.State}{progress}{(change.Error is { } error ? $" ({error.Split('\n')[0]})" : "")}");
        return ValueTask.CompletedTask;
    }
}
