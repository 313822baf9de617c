using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Millrace.Jobs.Testing;

public sealed partial class JobTester
{
    /// <summary>Most jobs that a message lists.</summary>
    private const int MostListed = 30;

    /// <summary>Every job that was enqueued, by clients and schedules, in order; whether it was run or deleted since does not matter.</summary>
    public IReadOnlyList<EnqueuedJob> Enqueued() => [.. _log.Jobs.Select(static job => new EnqueuedJob(job))];

    /// <summary>The jobs of one type that were enqueued, in order.</summary>
    /// <exception cref="InvalidOperationException">No handler is registered for the type.</exception>
    /// <exception cref="JobAssertionException">The payload of one cannot be read as its type: a worker could not run it.</exception>
    public IReadOnlyList<EnqueuedJob<TJob>> Enqueued<TJob>()
        where TJob : notnull
    {
        var type = _registry.Get(typeof(TJob)).Name;
        return [.. _log.Jobs.Where(job => job.Type == type).Select(Read<TJob>)];
    }

    /// <summary>Expects that a job was enqueued.</summary>
    /// <typeparam name="TJob">Its type.</typeparam>
    /// <param name="match">Tells whether a job is meant; null for any.</param>
    /// <param name="queue">Its queue; null for any.</param>
    /// <param name="times">How many such jobs there have to be; null for at least one.</param>
    /// <param name="matchText">The text of <paramref name="match"/>; the compiler fills it in.</param>
    /// <returns>The first such job.</returns>
    /// <exception cref="JobAssertionException">There is none, or not that many. The message lists what was enqueued.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    /// <exception cref="InvalidOperationException">No handler is registered for the type.</exception>
    public EnqueuedJob<TJob> AssertEnqueued<TJob>(Func<TJob, bool>? match = null, string? queue = null, int? times = null, [CallerArgumentExpression(nameof(match))] string? matchText = null)
        where TJob : notnull
    {
        AtLeastOnce(times);
        var found = Find(match, queue);
        Check(found.Count, times, Describe<TJob>(match is null ? null : matchText, queue));
        return found[0];
    }

    /// <summary>Expects that no such job was enqueued.</summary>
    /// <typeparam name="TJob">Its type.</typeparam>
    /// <param name="match">Tells whether a job is meant; null for any.</param>
    /// <param name="queue">Its queue; null for any.</param>
    /// <param name="matchText">The text of <paramref name="match"/>; the compiler fills it in.</param>
    /// <exception cref="JobAssertionException">There is one. The message lists what was enqueued.</exception>
    /// <exception cref="InvalidOperationException">No handler is registered for the type.</exception>
    public void AssertNotEnqueued<TJob>(Func<TJob, bool>? match = null, string? queue = null, [CallerArgumentExpression(nameof(match))] string? matchText = null)
        where TJob : notnull => Check(Find(match, queue).Count, 0, Describe<TJob>(match is null ? null : matchText, queue));

    /// <summary>Expects that nothing was enqueued at all.</summary>
    /// <exception cref="JobAssertionException">Something was. The message lists it.</exception>
    public void AssertNothingEnqueued() => Check(_log.Jobs.Count, 0, "job");

    private static void AtLeastOnce(int? times)
    {
        if (times < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(times), times, "To expect no such job, use AssertNotEnqueued.");
        }
    }

    private List<EnqueuedJob<TJob>> Find<TJob>(Func<TJob, bool>? match, string? queue)
        where TJob : notnull => [.. Enqueued<TJob>().Where(job => (queue is null || job.Queue == queue) && match?.Invoke(job.Job) != false)];

    private EnqueuedJob<TJob> Read<TJob>(NewJob stored)
        where TJob : notnull
    {
        try
        {
            return new EnqueuedJob<TJob>(stored, JsonSerializer.Deserialize<TJob>(stored.Payload.Span, _options.Json)!);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new JobAssertionException($"A job of type '{stored.Type}' was enqueued whose payload cannot be read as {typeof(TJob).Name}, so no worker could run it: {new EnqueuedJob(stored)}", error);
        }
    }

    private string Describe<TJob>(string? matchText, string? queue) =>
        $"job {typeof(TJob).Name} ('{_registry.Get(typeof(TJob)).Name}'){(queue is null ? "" : $" in queue '{queue}'")}{(matchText is null ? "" : $" for which `{matchText}` holds")}";

    /// <param name="found">How many there are.</param>
    /// <param name="expected">How many there should be; null for at least one.</param>
    /// <param name="what">What they are.</param>
    private void Check(int found, int? expected, string what)
    {
        if (expected is null ? found > 0 : found == expected)
        {
            return;
        }

        var text = new StringBuilder("Expected ").Append(expected switch { null => "a", 0 => "no", var many => $"{many} times a" }).Append(' ').Append(what);
        text.Append(" to be enqueued, but ").Append(found == 0 ? "there was none" : $"there {(found == 1 ? "was" : "were")} {found}").Append('.');
        var jobs = Enqueued();
        text.Append(jobs.Count == 0 ? " Nothing was enqueued." : $" Enqueued {(jobs.Count == 1 ? "was 1 job" : $"were {jobs.Count} jobs")}:");
        foreach (var job in jobs.Take(MostListed))
        {
            text.Append("\n- ").Append(job);
        }

        throw new JobAssertionException(text.Append(jobs.Count > MostListed ? $"\n- and {jobs.Count - MostListed} more" : "").ToString());
    }
}
