using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;
using Millrace.Jobs.CrashLab;

// A program to be killed: STORE WHERE ROLE, with STORE sqlite, redis or postgres, WHERE a file or a connection string, and ROLE one of
//   worker                runs jobs and fires a schedule every second, until it is stopped
//   producer NAME FIRST   enqueues jobs NAME-FIRST and following, until it is stopped
//   both FIRST LAST [MS]  enqueues jobs job-FIRST to job-LAST, which take so many milliseconds, and runs jobs meanwhile; prints "idle" when nothing is
//                         left to do
// The variable MILLRACE_LAB_DIE names a point at which it kills itself (see KillPoint).
// Prints one line for each: "ready"; enqueue that was acknowledged "ack ID"; attempt that begins "begin ID ATTEMPT TOKEN TIME" and ends, however,
// "done ID TOKEN TIME"; end that the store confirmed "end ID STATE"; heartbeat that succeeded "beat TIME", when it began; tick fired "fire TICK ID".
// TIME is in ns (see Lines).
var (store, where, role) = (args[0], args[1], args[2]);
var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Error).AddFilter("Millrace.Jobs.Executing", LogLevel.None); // handlers fail on purpose
builder.Logging.AddProvider(new FirePrinter()).AddFilter<FirePrinter>(FirePrinter.Category, LogLevel.Debug);
var observer = new PrintingObserver();
builder.Services.AddSingleton<IJobObserver>(observer);
var jobs = builder.Services.AddMillraceJobs(options =>
    {
        options.Lease = TimeSpan.FromSeconds(2);
        options.SweepInterval = TimeSpan.FromMilliseconds(200);
        options.DrainGrace = TimeSpan.FromMilliseconds(500);
        options.DefaultConcurrency = 8;
        options.Retry = RetryPolicy.Fixed(TimeSpan.FromMilliseconds(5));
        options.CompletedRetention = options.DeadRetention = new JobRetention(TimeSpan.FromDays(1), 100_000_000); // each is looked at in the end
        options.RunWorkers = role != "producer";
        options.RunSchedules = role == "worker";
    })
    .AddHandler<CrashJob, CrashJobHandler>("crash");
if (role == "worker")
{
    Array.ForEach(Producer.Queues, queue => jobs.AddQueue(queue, concurrency: 4));
    jobs.AddSchedule("tick", "* * * * * *", new CrashJob(1), configure: static options => options.Tag("tick").MaxAttempts(100));
}

LabStore.Use(jobs, store, where);
LabStore.Watch(builder.Services, new KillPoint(Environment.GetEnvironmentVariable("MILLRACE_LAB_DIE")));
using var host = builder.Build();
await host.StartAsync();
Lines.Print($"ready");

var client = host.Services.GetRequiredService<JobClient>();
if (role == "producer")
{
    using var stop = new CancellationTokenSource();
    host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stop.Cancel);
    _ = new Producer(client).ProduceAsync(args[3], int.Parse(args[4], CultureInfo.InvariantCulture), stop.Token); // ends with the program
}
else if (role == "both")
{
    int[] numbers = [.. args.Skip(3).Append("0").Select(static number => int.Parse(number, CultureInfo.InvariantCulture))];
    await new Producer(client).EnqueueAsync(numbers[0], numbers[1], numbers[2]);
    while ((await client.GetQueuesAsync()).Any(static queue => queue.Waiting + queue.Delayed + queue.Retrying + queue.Running > 0))
    {
        await observer.WaitForChangeAsync();
    }

    Lines.Print($"idle");
}

await host.WaitForShutdownAsync();
