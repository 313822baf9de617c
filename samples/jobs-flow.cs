#!/usr/bin/env dotnet
// Jobs that wait for others: a parent with children, callbacks, results passed on: dotnet run samples/jobs-flow.cs
#:project ../src/Millrace.Jobs/Millrace.Jobs.csproj
#:package Microsoft.Extensions.Hosting
#:property PublishAot=false

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;

var builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddMillraceJobs()
    .AddQueue("parts", concurrency: 4)
    .AddHandler<CountPart, CountPartHandler>("count-part", job => job.Queue = "parts")
    .AddHandler<Publish, PublishHandler>("publish")
    .AddHandler<TellOperator, TellOperatorHandler>("tell-operator");

using var host = builder.Build();
await host.StartAsync();
var jobs = host.Services.GetRequiredService<JobClient>();

var flow = new JobFlow();
var parts = Enumerable.Range(1, 5).Select(part => flow.Add(new CountPart(part))).ToList();
var publish = flow.Add(new Publish("report")).After(parts);                               // when all parts have completed
flow.Add(new TellOperator("report")).After(parts).When(JobCondition.AnyFailed);           // as soon as one is dead
await jobs.EnqueueFlowAsync(flow);                                                        // all of it, or nothing

var ended = await jobs.WaitForEndAsync(publish.Id);
Console.WriteLine($"The report is {ended!.State}: {await jobs.GetResultAsync<int>(publish.Id)} words.");

var mail = await jobs.EnqueueAsync(new TellOperator("mail"), o => o.After(publish.Id));   // after a job that was enqueued before
await jobs.WaitForEndAsync(mail);
await host.StopAsync();

internal sealed record CountPart(int Part);

internal sealed record Publish(string Name);

internal sealed record TellOperator(string What);

internal sealed class CountPartHandler : IJobHandler<CountPart>
{
    public async Task HandleAsync(CountPart job, JobContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(50 * job.Part), TimeProvider.System, cancellationToken);
        context.SetResult(job.Part * 100);
    }
}

internal sealed class PublishHandler : IJobHandler<Publish>
{
    public async Task HandleAsync(Publish job, JobContext context, CancellationToken cancellationToken)
    {
        var words = await context.GetResultsAsync<int>(cancellationToken);
        Console.WriteLine($"Publishing the {job.Name} of {words.Count} parts.");
        context.SetResult(words.Sum());
    }
}

internal sealed class TellOperatorHandler : IJobHandler<TellOperator>
{
    public Task HandleAsync(TellOperator job, JobContext context, CancellationToken cancellationToken)
    {
        Console.WriteLine($"Telling the operator about the {job.What}.");
        return Task.CompletedTask;
    }
}
