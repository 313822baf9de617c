using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Payloads;
using Millrace.Jobs.Scheduling;
using Millrace.Jobs.Stores.Memory;

namespace Millrace.Jobs;

/// <summary>Registers handlers, queues and the store of the job engine. Every method returns the same builder.</summary>
public sealed partial class JobsBuilder : IJobsBuilder
{
    internal JobsBuilder(IServiceCollection services) => Services = services;

    /// <inheritdoc />
    public IServiceCollection Services { get; }

    /// <summary>Registers the handler of a job.</summary>
    /// <typeparam name="TJob">The job; one handler and one name per type.</typeparam>
    /// <typeparam name="THandler">Its handler, resolved from a scope of its own for every attempt; registered as transient unless it already is registered.</typeparam>
    /// <param name="jobName">What the job is called in the store, for ever: jobs enqueued under a name find the handler of that name, whatever
    /// the .NET types are called by then.</param>
    /// <param name="configure">Defaults of its jobs; null for the engine's.</param>
    public JobsBuilder AddHandler<TJob, THandler>(string jobName, Action<JobDefaults>? configure = null)
        where TJob : notnull
        where THandler : class, IJobHandler<TJob>
    {
        var defaults = new JobDefaults();
        configure?.Invoke(defaults);
        Services.TryAddTransient<THandler>();
        Services.AddSingleton<JobRegistration>(new JobRegistration<TJob, THandler>(JobValidation.Name(jobName, "job"), defaults));
        return this;
    }

    /// <summary>Adds a queue that this process serves. Queues are claimed from in the order in which they are added; the default queue, and those
    /// that only <see cref="JobDefaults.Queue"/> names, come last unless added.</summary>
    /// <param name="name">The queue.</param>
    /// <param name="concurrency">How many of its jobs this process runs at once, 1 to 1,000; null for <see cref="JobsOptions.DefaultConcurrency"/>.</param>
    public JobsBuilder AddQueue(string name, int? concurrency = null) => AddQueue(name, options => options.Concurrency = concurrency);

    /// <summary>As <see cref="AddQueue(string, int?)"/>, with limits over all processes.</summary>
    /// <param name="name">The queue.</param>
    /// <param name="configure">How it is served.</param>
    public JobsBuilder AddQueue(string name, Action<QueueOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new QueueOptions();
        configure(options);
        Services.AddSingleton(new QueueRegistration(JobValidation.Name(name, "queue"), options));
        return this;
    }

    /// <summary>Enqueues a job again and again. The schedule is stored when the host starts; a change here replaces the stored one. Removing it here
    /// does not remove it from the store: use <see cref="JobClient.RemoveScheduleAsync"/> for that.</summary>
    /// <remarks>Each tick is fired once over all processes. Ticks that were missed while no process ran are made up for by one run.</remarks>
    /// <param name="name">Identifies the schedule.</param>
    /// <param name="cron">A cron expression of five fields (minute, hour, day, month, weekday) or six (second first).</param>
    /// <param name="job">The job to enqueue; its type has a handler.</param>
    /// <param name="timeZone">Where the expression is read; null for UTC.</param>
    /// <param name="configure">How the jobs differ from the defaults of their type; id, delay and instant have no place here.</param>
    /// <exception cref="FormatException">The cron expression cannot be read.</exception>
    public JobsBuilder AddSchedule<TJob>(string name, string cron, TJob job, TimeZoneInfo? timeZone = null, Action<EnqueueOptions>? configure = null)
        where TJob : notnull => Add(new ScheduleRegistration(name, cron, job, new ScheduleOptions { TimeZone = timeZone ?? TimeZoneInfo.Utc, Job = configure }));

    /// <summary>As <see cref="AddSchedule{TJob}(string, string, TJob, TimeZoneInfo, Action{EnqueueOptions})"/>, with a start, an end, a number of runs, or another way to treat missed
    /// ticks.</summary>
    /// <param name="name">Identifies the schedule.</param>
    /// <param name="cron">A cron expression of five or six fields.</param>
    /// <param name="job">The job to enqueue; its type has a handler.</param>
    /// <param name="configure">How the schedule differs from one that runs for ever in UTC.</param>
    /// <exception cref="FormatException">The cron expression cannot be read.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public JobsBuilder AddSchedule<TJob>(string name, string cron, TJob job, Action<ScheduleOptions> configure)
        where TJob : notnull => Add(new ScheduleRegistration(name, cron, job, Options(configure)));

    /// <summary>Enqueues a job at an interval, counted from <see cref="ScheduleOptions.StartsAt"/>, or from 1970, so that all processes agree and a restart changes nothing;
    /// otherwise like <see cref="AddSchedule{TJob}(string, string, TJob, Action{ScheduleOptions})"/>.</summary>
    /// <param name="name">Identifies the schedule.</param>
    /// <param name="every">The interval, a second to ten years, in whole milliseconds.</param>
    /// <param name="job">The job to enqueue; its type has a handler.</param>
    /// <param name="configure">How the schedule differs from one that runs for ever; null for not at all.</param>
    /// <exception cref="ArgumentException">The interval or an option is out of range.</exception>
    public JobsBuilder AddSchedule<TJob>(string name, TimeSpan every, TJob job, Action<ScheduleOptions>? configure = null)
        where TJob : notnull => Add(new ScheduleRegistration(name, Ticks.Text(every), job, Options(configure)));

    /// <summary>Puts a middleware around every attempt of this process; the first that is added is the outermost.</summary>
    /// <typeparam name="TMiddleware">Resolved from the scope of each attempt; registered as scoped unless it already is registered.</typeparam>
    public JobsBuilder UseMiddleware<TMiddleware>()
        where TMiddleware : class, IJobMiddleware
    {
        Services.TryAddScoped<TMiddleware>();
        Services.AddSingleton(new MiddlewareRegistration(typeof(TMiddleware)));
        return this;
    }

    /// <summary>Encrypts payloads and results with AES-256-GCM before they reach the store. Names, tags, metadata, errors and progress stay readable: put no secrets there.</summary>
    /// <param name="configure">Adds the keys; every process that enqueues or runs jobs, or reads results, needs them.</param>
    /// <exception cref="ArgumentException">There is no key.</exception>
    public JobsBuilder EncryptPayloads(Action<JobEncryptionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new JobEncryptionOptions();
        configure(options);
        Services.AddSingleton<IJobPayloadCodec>(new AesPayloadCodec(options));
        return this;
    }

    /// <summary>Puts a codec of your own between jobs and the store, such as one that encrypts with keys of a vault. At most one.</summary>
    /// <typeparam name="TCodec">Made once, from the application's services.</typeparam>
    public JobsBuilder UsePayloadCodec<TCodec>()
        where TCodec : class, IJobPayloadCodec
    {
        Services.AddSingleton<IJobPayloadCodec, TCodec>();
        return this;
    }

    /// <summary>Keeps jobs in this process's memory: fast, and gone with the process. The default when no store is chosen.</summary>
    public JobsBuilder UseMemory()
    {
        Services.Replace(ServiceDescriptor.Singleton<JobStore>(static provider => new MemoryJobStore(provider.GetRequiredService<TimeProvider>())));
        return this;
    }

    private static ScheduleOptions Options(Action<ScheduleOptions>? configure)
    {
        var options = new ScheduleOptions();
        configure?.Invoke(options);
        return options;
    }

    private JobsBuilder Add(ScheduleRegistration schedule)
    {
        Services.AddSingleton(schedule);
        return this;
    }
}
