using System.Globalization;
using System.Text;

namespace Millrace.Jobs.Testing;

/// <summary>A job as it was enqueued, with what its enqueue, its type and the engine's options gave it. What became of it since is in the store:
/// <see cref="JobClient.GetAsync"/>.</summary>
public class EnqueuedJob
{
    /// <summary>Longest payload in a text, in characters; what is longer is cut.</summary>
    private const int LongestPayloadShown = 300;

    private readonly NewJob _job;

    internal EnqueuedJob(NewJob job) => _job = job;

    /// <summary>The job's id.</summary>
    public string Id => _job.Id;

    /// <summary>Its queue.</summary>
    public string Queue => _job.Queue;

    /// <summary>Its registered job name.</summary>
    public string Type => _job.Type;

    /// <summary>The job, or the arguments of the call, as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Payload => _job.Payload;

    /// <summary>Its priority.</summary>
    public int Priority => _job.Priority;

    /// <summary>How many attempts it may have.</summary>
    public int MaxAttempts => _job.MaxAttempts;

    /// <summary>How long one attempt may take; null for no limit.</summary>
    public TimeSpan? Timeout => _job.Timeout;

    /// <summary>Its tags.</summary>
    public IReadOnlyList<string> Tags => _job.Tags;

    /// <summary>The group of its queue that it belongs to; null for none.</summary>
    public string? Group => _job.Group;

    /// <summary>The delay that was asked for; null for none.</summary>
    public TimeSpan? Delay => _job.Delay;

    /// <summary>The instant that was asked for; null for none.</summary>
    public DateTimeOffset? At => _job.At;

    /// <summary>The schedule that enqueued it; null for none.</summary>
    public string? Schedule => _job.Schedule;

    internal NewJob Stored => _job;

    /// <summary>The job on one line, for a test's output.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Type} in '{Queue}'");
        text.Append(Delay is { } delay ? $", delayed by {delay}" : "");
        text.Append(At is { } at ? $", at {at.ToString("u", CultureInfo.InvariantCulture)}" : "");
        text.Append(Group is { } group ? $", of group '{group}'" : "");
        text.Append(Priority != 0 ? string.Create(CultureInfo.InvariantCulture, $", priority {Priority}") : "");
        text.Append(Tags.Count > 0 ? $", tagged {string.Join(' ', Tags)}" : "");
        text.Append(Schedule is { } schedule ? $", by schedule '{schedule}'" : "");
        var payload = Encoding.UTF8.GetString(Payload.Span);
        return text.Append(": ").Append(payload.Length > LongestPayloadShown ? payload[..LongestPayloadShown] + "…" : payload).ToString();
    }
}

/// <summary>An enqueued job of a known type.</summary>
/// <typeparam name="TJob">The job.</typeparam>
public sealed class EnqueuedJob<TJob> : EnqueuedJob
    where TJob : notnull
{
    internal EnqueuedJob(NewJob stored, TJob job)
        : base(stored) => Job = job;

    /// <summary>The job, read from its payload as a worker reads it.</summary>
    public TJob Job { get; }
}
