using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Payloads;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Executing;

/// <summary>Runs one attempt:
/// 1. find the handler of the job's name;
/// 2. open a scope for it and start the clock on its timeout;
/// 3. read the payload and run the handler;
/// 4. turn how it ended into how the job goes on;
/// 5. stop the clock and close the scope.</summary>
internal sealed class JobExecutor(
    JobStore store,
    JobRegistry registry,
    IServiceScopeFactory scopes,
    IOptions<JobsOptions> options,
    PayloadCoding coding,
    TimeProvider clock,
    Jitter jitter,
    JobNotifications notifications,
    IEnumerable<MiddlewareRegistration> middleware,
    ILogger<JobExecutor> logger) : IDisposable
{
    /// <summary>For so long a job of a newer program is left to that without counting the attempt, each time for so long.</summary>
    private static readonly TimeSpan NewerPatience = TimeSpan.FromHours(1);
    private static readonly TimeSpan NewerDelay = TimeSpan.FromSeconds(5);

    private readonly MiddlewareRegistration[] _middleware = [.. middleware];
    private readonly JobsOptions _options = options.Value;
    private readonly Deadlines _deadlines = new(clock);
    private readonly ErrorScrubber _scrubber = new(options.Value.ScrubPatterns);

    /// <summary>Never throws: whatever happens becomes the end of the attempt.</summary>
    public async ValueTask<JobFinish> RunAsync(Execution execution)
    {
        using var span = JobTraces.Start(execution.Job);
        // 1. Find the handler.
        var type = execution.Job.Type;
        if (!registry.TryGet(type, out var registration))
        {
            return Failed(execution, null, new InvalidOperationException($"No handler is registered for the job name '{type}' in this process. Register it (AddHandler, AddCalls), or keep its old name when a job is renamed."));
        }

        try
        {
            return await RunAsync(execution, registration).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            JobTraces.Fail(span, error);
            return Failed(execution, registration, error);
        }
    }

    public void Dispose() => _deadlines.Dispose();

    /// <summary>Reads a result that is stored.</summary>
    public TResult? ReadResult<TResult>(ReadOnlyMemory<byte> stored) => JsonSerializer.Deserialize<TResult>(coding.DecodeResult(stored).Span, _options.Json);

    /// <summary>What a job waited for.</summary>
    public ValueTask<JobLinks?> GetLinksAsync(string id, CancellationToken cancellationToken) => store.GetLinksAsync(id, cancellationToken);

    private async ValueTask<JobFinish> RunAsync(Execution execution, JobRegistration registration)
    {
        var job = execution.Job;
        var context = new JobContext(execution, this);

        // 2. Open a scope and start the clock; a store may hold a longer timeout than timers can do.
        var scope = scopes.CreateAsyncScope();
        if (job.Timeout is { } limit)
        {
            _deadlines.Add(execution, limit < JobValidation.MaximumTimeout ? limit : JobValidation.MaximumTimeout);
        }

        try
        {
            // 3. Run, within the middleware.
            await RunAsync(0, registration, scope.ServiceProvider, context, execution).ConfigureAwait(false);

            // 4. It returned: whatever asked it to stop meanwhile, its work is done.
            return context.SnoozedFor is { } delay
                ? new JobFinish { Run = execution.Run, Kind = FinishKind.Snoozed, Delay = delay }
                : new JobFinish
                {
                    Run = execution.Run,
                    Kind = FinishKind.Completed,
                    Result = Describe(context.Returned, job),
                    Remove = _options.CompletedRetention.Count == 0,
                };
        }
        finally
        {
            // 5. Stop the clock and close the scope.
            if (job.Timeout is not null)
            {
                _deadlines.Remove(execution);
            }

            await DisposeAsync(scope, job).ConfigureAwait(false);
        }
    }

    /// <summary>The work is done, so a result that cannot be kept does not fail it: it is left out, and that is logged.</summary>
    private ReadOnlyMemory<byte>? Describe((object Value, Type Type)? returned, ClaimedJob job)
    {
        if (returned is not { } result)
        {
            return null;
        }

        try
        {
            var text = coding.EncodeResult(JsonSerializer.SerializeToUtf8Bytes(result.Value, result.Type, _options.Json));
            if (text.Length <= _options.MaximumPayloadBytes)
            {
                return text;
            }

            Log.ResultTooLarge(logger, job.Id, job.Type, text.Length, _options.MaximumPayloadBytes);
        }
        catch (Exception error)
        {
            Log.ResultUnwritable(logger, job.Id, job.Type, error);
        }

        return null;
    }

    private Task RunAsync(int index, JobRegistration registration, IServiceProvider services, JobContext context, Execution execution) =>
        index == _middleware.Length
            ? registration.RunAsync(services, Payload(registration, execution.Job), _options.Json, context, execution.Token)
            : ((IJobMiddleware)services.GetRequiredService(_middleware[index].Type)).InvokeAsync(
                context, () => RunAsync(index + 1, registration, services, context, execution), execution.Token);

    /// <summary>What the handler is to get: decoded, and in the version that it knows.</summary>
    private ReadOnlyMemory<byte> Payload(JobRegistration registration, ClaimedJob job) =>
        registration.Defaults.Versions.Upgrade(job.Type, job.Metadata, coding.Decode(job.Type, job.Payload));

    private JobFinish Failed(Execution execution, JobRegistration? registration, Exception error)
    {
        switch (execution.Reason)
        {
            case StopReason.Cancelled:
                return new JobFinish { Run = execution.Run, Kind = FinishKind.Cancelled };
            case StopReason.WorkerStops or StopReason.LeaseLost:
                return new JobFinish { Run = execution.Run, Kind = FinishKind.Released };
            case StopReason.TimedOut:
                error = new TimeoutException($"The attempt took longer than its timeout of {execution.Job.Timeout}.", error);
                break;
        }

        execution.Error = error;
        var job = execution.Job;
        if (error is NewerPayloadException && job.StartedAt - job.CreatedAt < NewerPatience)
        {
            Log.JobNewer(logger, job.Id, error.Message);
            return new JobFinish { Run = execution.Run, Kind = FinishKind.Snoozed, Delay = NewerDelay };
        }

        var text = _scrubber.Describe(error);
        if (error is UnrecoverableJobException || job.Attempt >= job.MaxAttempts)
        {
            Log.JobDead(logger, job.Id, job.Type, job.Attempt, job.MaxAttempts, text);
            return new JobFinish { Run = execution.Run, Kind = FinishKind.Dead, Error = text };
        }

        var delay = (registration?.Defaults.Retry ?? _options.Retry).GetDelay(job.Attempt, error, jitter.Next());
        Log.JobFailed(logger, job.Id, job.Type, job.Attempt, job.MaxAttempts, delay, text);
        return new JobFinish { Run = execution.Run, Kind = FinishKind.Retry, Delay = delay, Error = text };
    }

    /// <summary>Keeps progress and tells of it; a store that cannot be reached does not fail the job.</summary>
    public async ValueTask ReportProgressAsync(Execution execution, int percent, string? message, CancellationToken cancellationToken)
    {
        bool kept;
        try
        {
            kept = await store.ReportProgressAsync(execution.Run, percent, message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Log.ProgressUnsaved(logger, execution.Job.Id, error);
            return;
        }

        if (kept)
        {
            notifications.Publish(notifications.Describe(execution.Job, JobState.Running) with { ProgressPercent = percent, ProgressMessage = message });
        }
    }

    /// <summary>Keeps a line of a job's log, without what must not be kept, and tells of it; a store that cannot be reached does not fail the job.</summary>
    public async ValueTask AppendLogAsync(Execution execution, string text, CancellationToken cancellationToken)
    {
        text = _scrubber.Scrub(text);
        text = text.Length > JobLimits.MaximumLogLineLength ? text[..JobLimits.MaximumLogLineLength] : text;
        bool kept;
        try
        {
            kept = await store.AppendLogAsync(execution.Run, text, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Log.LogUnsaved(logger, execution.Job.Id, error);
            return;
        }

        if (kept)
        {
            notifications.Publish(notifications.Describe(execution.Job, JobState.Running) with { LogLine = text });
        }
    }

    private async ValueTask DisposeAsync(AsyncServiceScope scope, ClaimedJob job)
    {
        try
        {
            await scope.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Log.ScopeDisposeFailed(logger, job.Id, job.Type, error);
        }
    }
}
