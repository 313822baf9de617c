using System.Runtime.ExceptionServices;
using Millrace.Jobs.Payloads;

namespace Millrace.Jobs.Testing;

/// <summary>Remembers what was enqueued, in order; and, inline, runs it. Thread-safe.</summary>
internal sealed class EnqueueLog(bool inline, QueueTable queues, TestRunner runner, PayloadCoding coding, TimeProvider clock) : IEnqueueListener
{
    /// <summary>Jobs that run inline within each other. Beyond it they enqueue each other for ever.</summary>
    private const int MaximumDepth = 50;

    private readonly Lock _lock = new(); // guards _jobs
    private readonly List<NewJob> _jobs = [];
    private readonly AsyncLocal<int> _depth = new();

    public IReadOnlyList<NewJob> Jobs
    {
        get
        {
            lock (_lock)
            {
                return [.. _jobs];
            }
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _jobs.Clear();
        }
    }

    public void Fired(NewJob job)
    {
        lock (_lock)
        {
            _jobs.Add(Readable(job));
        }
    }

    public async ValueTask EnqueuedAsync(IReadOnlyList<NewJob> jobs)
    {
        lock (_lock)
        {
            _jobs.AddRange(jobs.Select(Readable));
        }

        if (!inline)
        {
            return;
        }

        foreach (var job in jobs)
        {
            if (job.Delay is not { Ticks: > 0 } && !(job.At > clock.GetUtcNow()) && queues.Served.Any(served => served.Queue == job.Queue))
            {
                await RunAsync(job).ConfigureAwait(false);
            }
        }
    }

    /// <summary>As it was before it was encoded for the store.</summary>
    private NewJob Readable(NewJob job) => job with { Payload = coding.Decode(job.Type, job.Payload) };

    /// <summary>Without what is ambient in the enqueuing code (the current HTTP request, the current activity): a worker has none of it.</summary>
    private async Task RunAsync(NewJob job)
    {
        var depth = _depth.Value + 1;
        if (depth > MaximumDepth)
        {
            throw new InvalidOperationException($"More than {MaximumDepth} jobs run inline within each other, the last one of type '{job.Type}': they seem to enqueue each other for ever. Delay them, or test them without JobTestingOptions.Inline.");
        }

        var run = await Detached(() =>
        {
            _depth.Value = depth;
            return runner.RunAsync(job.Id, job.Queue, CancellationToken.None);
        }).ConfigureAwait(false);
        if (run?.Error is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    private static Task<JobTestRun?> Detached(Func<Task<JobTestRun?>> run)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return Task.Run(run);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(run);
        }
    }
}
