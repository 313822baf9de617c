using Microsoft.Extensions.Logging;

namespace Millrace.Jobs.Diagnostics;

/// <summary>Every message of the job engine. Event ids 2000 to 2999 and never change their meaning.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information, "Worker {Worker} serves {Queues} from the {Store} store.")]
    public static partial void WorkerStarted(ILogger logger, string worker, string queues, string store);

    [LoggerMessage(2001, LogLevel.Information, "Worker {Worker} stops: {Running} jobs are still running and have {Grace} to end.")]
    public static partial void Draining(ILogger logger, string worker, int running, TimeSpan grace);

    [LoggerMessage(2002, LogLevel.Warning, "Worker {Worker} cancels {Running} jobs that did not end within the drain grace; they run again elsewhere or after the restart.")]
    public static partial void DrainGraceOver(ILogger logger, string worker, int running);

    [LoggerMessage(2003, LogLevel.Warning, "Worker {Worker} gives back {Running} jobs whose handlers ignore their cancellation token; their handlers may still run while the jobs run again elsewhere.")]
    public static partial void HandlersIgnoreCancellation(ILogger logger, string worker, int running);

    [LoggerMessage(2004, LogLevel.Information, "Worker {Worker} has stopped.")]
    public static partial void WorkerStopped(ILogger logger, string worker);

    [LoggerMessage(2005, LogLevel.Error, "Worker {Worker} could not renew its lease over {Queues} in time; the handlers of their {Running} jobs are cancelled here, because another worker may run them now.")]
    public static partial void LeaseLost(ILogger logger, string worker, string queues, int running);

    [LoggerMessage(2006, LogLevel.Warning, "Job {Id} is no longer this worker's own; its handler is cancelled.")]
    public static partial void JobLost(ILogger logger, string id);

    [LoggerMessage(2010, LogLevel.Error, "The job store fails ({Operation}); trying again with growing delays. Further failures are not logged until it recovers.")]
    public static partial void StoreFails(ILogger logger, string operation, Exception error);

    [LoggerMessage(2011, LogLevel.Information, "The job store works again ({Operation}) after {Attempts} failures and {Outage}.")]
    public static partial void StoreRecovered(ILogger logger, string operation, int attempts, TimeSpan outage);

    [LoggerMessage(2012, LogLevel.Warning, "The end of {Count} jobs could not be stored before the worker stopped; they run again once its lease is over.")]
    public static partial void FinishesUnsaved(ILogger logger, int count);

    [LoggerMessage(2013, LogLevel.Warning, "Worker {Worker} could not sign off; its entry goes once its lease is over.")]
    public static partial void LeaveFailed(ILogger logger, string worker, Exception error);

    [LoggerMessage(2014, LogLevel.Error, "The server of queue {Queue} is away; nothing is claimed from it, and ends of its jobs are kept, while other queues go on. Further failures are not logged until it is back.")]
    public static partial void QueueAway(ILogger logger, string queue, Exception error);

    [LoggerMessage(2015, LogLevel.Information, "The server of queue {Queue} is back.")]
    public static partial void QueueBack(ILogger logger, string queue);

    [LoggerMessage(2020, LogLevel.Debug, "Job {Id} ({Type}, attempt {Attempt}) ended as {Kind} after {Duration}.")]
    public static partial void JobEnded(ILogger logger, string id, string type, int attempt, FinishKind kind, TimeSpan duration);

    [LoggerMessage(2021, LogLevel.Warning, "Job {Id} ({Type}) failed its attempt {Attempt} of {MaxAttempts} and is tried again in {Delay}: {Error}")]
    public static partial void JobFailed(ILogger logger, string id, string type, int attempt, int maxAttempts, TimeSpan delay, string error);

    [LoggerMessage(2022, LogLevel.Error, "Job {Id} ({Type}) is dead after attempt {Attempt} of {MaxAttempts}: {Error}")]
    public static partial void JobDead(ILogger logger, string id, string type, int attempt, int maxAttempts, string error);

    [LoggerMessage(2028, LogLevel.Warning, "Job {Id} is left to a newer program: {Reason}")]
    public static partial void JobNewer(ILogger logger, string id, string reason);

    [LoggerMessage(2023, LogLevel.Warning, "Job {Id} ({Type}, attempt {Attempt}) ended as {Kind}, but was no longer this worker's own; the store refused it.")]
    public static partial void FinishRefused(ILogger logger, string id, string type, int attempt, FinishKind kind);

    [LoggerMessage(2024, LogLevel.Warning, "The progress of job {Id} could not be stored.")]
    public static partial void ProgressUnsaved(ILogger logger, string id, Exception error);

    [LoggerMessage(2029, LogLevel.Warning, "A line of the log of job {Id} could not be stored.")]
    public static partial void LogUnsaved(ILogger logger, string id, Exception error);

    [LoggerMessage(2025, LogLevel.Error, "Disposing what job {Id} ({Type}) used failed.")]
    public static partial void ScopeDisposeFailed(ILogger logger, string id, string type, Exception error);

    [LoggerMessage(2026, LogLevel.Warning, "The result of job {Id} ({Type}) has {Bytes} bytes, the limit is {Limit} (JobsOptions.MaximumPayloadBytes): it is not kept.")]
    public static partial void ResultTooLarge(ILogger logger, string id, string type, int bytes, int limit);

    [LoggerMessage(2027, LogLevel.Warning, "The result of job {Id} ({Type}) cannot be written as JSON: it is not kept.")]
    public static partial void ResultUnwritable(ILogger logger, string id, string type, Exception error);

    [LoggerMessage(2030, LogLevel.Warning, "A sweep took back {Count} jobs from dead workers, {Dead} of them are dead.")]
    public static partial void Rescued(ILogger logger, int count, int dead);

    [LoggerMessage(2031, LogLevel.Debug, "A sweep removed {Count} ended jobs.")]
    public static partial void Removed(ILogger logger, int count);

    [LoggerMessage(2040, LogLevel.Debug, "Schedule {Name} fired its tick of {Tick} as job {Id}.")]
    public static partial void ScheduleFired(ILogger logger, string name, DateTimeOffset tick, string id);

    [LoggerMessage(2041, LogLevel.Warning, "Schedule {Name} cannot fire its tick of {Tick}: the queue {Queue} is full. It stays due.")]
    public static partial void ScheduleQueueFull(ILogger logger, string name, DateTimeOffset tick, string queue);

    [LoggerMessage(2044, LogLevel.Information, "Schedule {Name} passes over its tick of {Tick}: it was missed, or the schedule has had all its runs.")]
    public static partial void ScheduleSkipped(ILogger logger, string name, DateTimeOffset tick);

    [LoggerMessage(2042, LogLevel.Error, "Schedule {Name} cannot fire: its cron expression '{Cron}' or time zone '{TimeZone}' cannot be read. Correct or remove it.")]
    public static partial void ScheduleUnreadable(ILogger logger, string name, string cron, string timeZone, Exception error);

    [LoggerMessage(2043, LogLevel.Warning, "The job store did not answer a wait for work within {Limit}; it is asked for jobs without.")]
    public static partial void WaitOverdue(ILogger logger, TimeSpan limit);

    [LoggerMessage(2045, LogLevel.Warning, "A message of {Bytes} bytes from queue {Queue} to others is dropped (it begins with {Beginning}, hexadecimal): {Reason} A job that waits for what it told is found by a later sweep.")]
    public static partial void MessageUnreadable(ILogger logger, string queue, int bytes, string beginning, string reason);

    [LoggerMessage(2050, LogLevel.Error, "The observer {Observer} failed on job {Id}; the job is not affected.")]
    public static partial void ObserverFailed(ILogger logger, string observer, string id, Exception error);

    [LoggerMessage(2051, LogLevel.Warning, "The observers of jobs are too slow: notifications are dropped, oldest first.")]
    public static partial void NotificationsDropped(ILogger logger);
}
