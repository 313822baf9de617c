using System.Text.Json;

namespace Millrace.Jobs.Testing;

/// <summary>One attempt that a test has run, and how it ended.</summary>
public sealed record JobTestRun
{
    /// <summary>The job's id.</summary>
    public required string Id { get; init; }

    /// <summary>Its registered job name.</summary>
    public required string Type { get; init; }

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Which attempt it was, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>How it ended: <see cref="FinishKind.Completed"/>; <see cref="FinishKind.Retry"/> for a failure that another attempt follows, <see cref="FinishKind.Dead"/> for
    /// one that none follows; <see cref="FinishKind.Snoozed"/>; or <see cref="FinishKind.Cancelled"/>.</summary>
    public required FinishKind Outcome { get; init; }

    /// <summary>After a failure or a snooze: how long until the next attempt. Else zero.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What the attempt failed with, as it was thrown; null when it did not fail.</summary>
    public Exception? Error { get; init; }

    /// <summary>The job after the attempt, with its progress; null when it was deleted meanwhile.</summary>
    public JobRecord? Job { get; init; }

    internal JsonSerializerOptions? Json { get; init; }

    /// <summary>The result of the call, read from what the store keeps.</summary>
    /// <returns>The result; the default of <typeparamref name="T"/> when there is none.</returns>
    /// <exception cref="JsonException">The result is not a <typeparamref name="T"/>.</exception>
    public T? GetResult<T>() => Job?.Result is { } result ? JsonSerializer.Deserialize<T>(result.Span, Json) : default;

    /// <summary>Throws when the attempt failed.</summary>
    /// <returns>This run.</returns>
    /// <exception cref="JobAssertionException">It failed; the inner exception is what it failed with.</exception>
    public JobTestRun ThrowIfFailed() =>
        Error is null ? this : throw new JobAssertionException($"Attempt {Attempt} of the job {Id} ({Type}) ended as {Outcome}: {Error.GetType().Name}: {Error.Message}", Error);
}
