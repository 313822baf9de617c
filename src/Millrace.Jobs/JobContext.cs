using System.Text.Json;
using Millrace.Jobs.Executing;

namespace Millrace.Jobs;

/// <summary>One attempt of a job, as its handler sees it. Thread-safe.</summary>
public sealed class JobContext
{
    private readonly Execution _execution;
    private readonly JobExecutor _executor;
    private long _snooze = -1; // ticks; -1: not snoozed

    internal JobContext(Execution execution, JobExecutor executor)
    {
        _execution = execution;
        _executor = executor;
    }

    /// <summary>The job's id: the same in every attempt, so it serves as an idempotency key towards other systems.</summary>
    public string Id => Job.Id;

    /// <summary>The queue it came from.</summary>
    public string Queue => Job.Queue;

    /// <summary>Its registered job name.</summary>
    public string Type => Job.Type;

    /// <summary>Which attempt this is, from 1.</summary>
    public int Attempt => Job.Attempt;

    /// <summary>How many attempts the job may have.</summary>
    public int MaxAttempts => Job.MaxAttempts;

    /// <summary>The job's tags.</summary>
    public IReadOnlyList<string> Tags => Job.Tags;

    /// <summary>Its metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => Job.Metadata;

    /// <summary>When it was enqueued, by the store's clock.</summary>
    public DateTimeOffset CreatedAt => Job.CreatedAt;

    /// <summary>The fencing token of this attempt: higher than that of any earlier attempt of the job. Hand it to a system that can refuse
    /// the writes of an older one.</summary>
    public long FencingToken => Job.Token;

    private ClaimedJob Job => _execution.Job;

    internal TimeSpan? SnoozedFor => Interlocked.Read(ref _snooze) is >= 0 and var ticks ? TimeSpan.FromTicks(ticks) : null;

    /// <summary>What the handler returned, and as which type; null for nothing.</summary>
    internal (object Value, Type Type)? Returned { get; private set; }

    /// <summary>Keeps the job's progress in the store and tells the observers. The last report wins. A store that cannot be reached does not
    /// fail the job: the report is dropped and logged.</summary>
    /// <param name="percent">0 to 100.</param>
    /// <param name="message">Where the job stands; cut at 500 characters; null for none.</param>
    /// <param name="cancellationToken">Gives up the report.</param>
    public ValueTask ReportProgressAsync(int percent, string? message = null, CancellationToken cancellationToken = default)
    {
        if (percent is < 0 or > 100)
        {
            throw new ArgumentOutOfRangeException(nameof(percent), percent, "Progress lies between 0 and 100.");
        }

        if (message?.Length > JobLimits.MaximumProgressMessageLength)
        {
            message = message[..JobLimits.MaximumProgressMessageLength];
        }

        return _executor.ReportProgressAsync(_execution, percent, message, cancellationToken);
    }

    /// <summary>Adds a line to the job's log, which is kept with the job and told to the observers: the last 100 lines over all attempts. What the scrub patterns find is taken out
    /// (<see cref="JobsOptions.ScrubPatterns"/>). A store that cannot be reached does not fail the job: the line is dropped, and that is logged.</summary>
    /// <param name="text">The line; cut at 1,000 characters. An empty one is passed over.</param>
    /// <param name="cancellationToken">Gives up the line.</param>
    public ValueTask LogAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 0 ? ValueTask.CompletedTask : _executor.AppendLogAsync(_execution, text, cancellationToken);
    }

    /// <summary>The jobs that this one waited for, in the order given, with how they ended and their results. Read from the store with each call.</summary>
    public async ValueTask<IReadOnlyList<JobLink>> GetPrerequisitesAsync(CancellationToken cancellationToken = default) =>
        (await _executor.GetLinksAsync(Id, cancellationToken).ConfigureAwait(false))?.After ?? [];

    /// <summary>The results of the jobs that this one waited for, in the order given; those that did not complete, or gave none, are passed over.</summary>
    /// <typeparam name="TResult">What their handlers gave as results.</typeparam>
    /// <exception cref="JsonException">One is something else.</exception>
    /// <exception cref="InvalidOperationException">One is not there because all together are too large; look it up with the job.</exception>
    public async ValueTask<IReadOnlyList<TResult>> GetResultsAsync<TResult>(CancellationToken cancellationToken = default)
    {
        var results = new List<TResult>();
        foreach (var link in await GetPrerequisitesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (link.ResultOmitted)
            {
                throw new InvalidOperationException($"The result of job '{link.Job.Id}' was not passed on: all results together exceed {JobLimits.MaximumLinkResults} bytes. Read it with JobClient.GetResultAsync, or pass keys instead of data.");
            }

            if (link.Result is { } result && _executor.ReadResult<TResult>(result) is { } value)
            {
                results.Add(value);
            }
        }

        return results;
    }

    /// <summary>Asks to be run again after <paramref name="delay"/> once the handler returns, instead of completing. The attempt does not count.</summary>
    public void Snooze(TimeSpan delay) => Interlocked.Exchange(ref _snooze, JobValidation.Duration(delay, nameof(delay)).Ticks);

    /// <summary>Sets the job's result, which is kept as JSON with the completed job: at most <see cref="JobsOptions.MaximumPayloadBytes"/>; a larger one, or
    /// one that cannot be written, is left out and logged. The last call wins.</summary>
    /// <typeparam name="TResult">As which type it is written.</typeparam>
    /// <param name="result">The result.</param>
    public void SetResult<TResult>(TResult result)
        where TResult : notnull => SetReturned(result, typeof(TResult));

    internal void SetReturned(object value, Type type) => Returned = (value, type);
}
