#!/usr/bin/env dotnet
// Jobs that call a method of a service: dotnet run samples/jobs-calls.cs
#:project ../src/Millrace.Jobs/Millrace.Jobs.csproj
#:package Microsoft.Extensions.Hosting
#:property PublishAot=false

using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;

var builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddScoped<IEmailService, EmailService>();
builder.Services.AddMillraceJobs()
    .AddCalls<IEmailService>("email", calls => calls
        .Defaults(job => job.Queue = "email")
        .Method(nameof(IEmailService.SendDigestAsync), call => call
            .FormerName("email.SendSummary")                    // what it was called before; its jobs still wait
            .Defaults(job => job.MaxAttempts = 3)))
    .AddSchedule<IEmailService>("digest", "0 8 * * *", x => x.SendDigestAsync("everybody", null!, CancellationToken.None));

using var host = builder.Build();
await host.StartAsync();
var jobs = host.Services.GetRequiredService<JobClient>();

var userId = 7;
var users = new[] { "Ada", "Grace" };
await jobs.EnqueueAsync<IEmailService>(x => x.SendWelcomeAsync(userId, CancellationToken.None), o => o.Delay(TimeSpan.FromMilliseconds(50)));
await jobs.EnqueueManyAsync<IEmailService, string>(users, (x, user) => x.SendDigestAsync(user, null!, CancellationToken.None));
var check = await jobs.EnqueueAsync<IEmailService>(x => x.CheckAsync($"{users[0]}@example.org"));

await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
var checkedJob = (await jobs.GetAsync(check))!;
Console.WriteLine($"{checkedJob.Type}: {checkedJob.State}, {Encoding.UTF8.GetString(checkedJob.Result!.Value.Span)}");
await host.StopAsync();

internal interface IEmailService
{
    Task SendWelcomeAsync(int userId, CancellationToken cancellationToken);

    Task SendDigestAsync(string to, JobContext context, CancellationToken cancellationToken);

    Task<bool> CheckAsync(string address);
}

internal sealed class EmailService : IEmailService
{
    public Task SendWelcomeAsync(int userId, CancellationToken cancellationToken)
    {
        Console.WriteLine($"Welcome, user {userId}!");
        return Task.CompletedTask;
    }

    public async Task SendDigestAsync(string to, JobContext context, CancellationToken cancellationToken)
    {
        await context.ReportProgressAsync(50, "written", cancellationToken);
        Console.WriteLine($"The digest for {to}, attempt {context.Attempt} of {context.MaxAttempts}.");
    }

    public Task<bool> CheckAsync(string address) => Task.FromResult(address.Contains('@'));
}
