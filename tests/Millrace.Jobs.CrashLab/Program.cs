using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;
using Millrace.Jobs.CrashLab;
using Millrace.Sqlite;

// A program to be killed: FILE FIRST LAST. Enqueues the jobs from FIRST to LAST, four at a time, and runs jobs meanwhile. Prints one line for
// each enqueue that was acknowledged ("ack ID"), each attempt that began ("run ID ATTEMPT") and each end ("end ID STATE"); and "idle" when all is
// enqueued and nothing is left to do. Then it waits to be stopped.
var file = args[0];
var first = int.Parse(args[1], CultureInfo.InvariantCulture);
var last = int.Parse(args[2], CultureInfo.InvariantCulture);

var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Error).AddFilter("Millrace.Jobs.Executing", LogLevel.None); // handlers fail on purpose
var observer = new PrintingObserver();
builder.Services.AddSingleton<IJobObserver>(observer);
builder.Services.AddMillraceJobs(options =>
    {
        options.Lease = TimeSpan.FromSeconds(2);
        options.SweepInterval = TimeSpan.FromMilliseconds(200);
        options.DefaultConcurrency = 8;
        options.Retry = RetryPolicy.Fixed(TimeSpan.FromMilliseconds(5));
    })
    .AddHandler<CrashJob, CrashJobHandler>("crash")
    .UseSqlite(file);
using var host = builder.Build();
await host.StartAsync();

var client = host.Services.GetRequiredService<JobClient>();
await Parallel.ForEachAsync(
    Enumerable.Range(first, last - first + 1),
    new ParallelOptions { MaxDegreeOfParallelism = 4 },
    async (number, cancellationToken) =>
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"job-{number:0000}");
        await client.EnqueueAsync(new CrashJob(number), options => options.Id(id).MaxAttempts(100), cancellationToken);
        Console.WriteLine($"ack {id}");
    });

while ((await client.GetQueuesAsync()).Any(static queue => queue.Waiting + queue.Delayed + queue.Retrying + queue.Running > 0))
{
    await observer.WaitForChangeAsync();
}

Console.WriteLine("idle");
await host.WaitForShutdownAsync();
