using System.Diagnostics;
using Millrace.Jobs.Diagnostics;

namespace Millrace.Jobs.Executing;

/// <summary>One trace from the enqueue to the run: the trace context travels in the job's metadata under the names of W3C Trace Context, and an attempt is a span
/// under it, as OpenTelemetry's conventions for messaging say.</summary>
internal static class JobTraces
{
    /// <summary>The metadata's name for the parent.</summary>
    public const string Parent = "traceparent";

    /// <summary>The metadata's name for what tracers add.</summary>
    public const string State = "tracestate";

    private static readonly ActivitySource Source = new(JobMetrics.MeterName);

    /// <summary>Adds the current trace to a new job's metadata, unless the caller has set one.</summary>
    public static IReadOnlyDictionary<string, string>? Add(IReadOnlyDictionary<string, string>? metadata)
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C, Id: { } id } current || metadata?.ContainsKey(Parent) == true || metadata?.Count >= JobLimits.MaximumMetadata)
        {
            return metadata;
        }

        var added = metadata is null ? [] : new Dictionary<string, string>(metadata, StringComparer.Ordinal);
        added[Parent] = id;
        if (current.TraceStateString is { Length: > 0 and <= JobLimits.MaximumMetadataValueLength } state && added.Count < JobLimits.MaximumMetadata)
        {
            added[State] = state;
        }

        return added;
    }

    /// <summary>Begins the span of an attempt; null when nobody listens.</summary>
    public static Activity? Start(ClaimedJob job)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        job.Metadata.TryGetValue(Parent, out var parent);
        job.Metadata.TryGetValue(State, out var state);
        var context = ActivityContext.TryParse(parent, state, isRemote: true, out var enqueue) ? enqueue : default;
        var activity = Source.StartActivity($"process {job.Type}", ActivityKind.Consumer, context);
        activity?.SetTag("messaging.system", "millrace");
        activity?.SetTag("messaging.operation.type", "process");
        activity?.SetTag("messaging.destination.name", job.Queue);
        activity?.SetTag("messaging.message.id", job.Id);
        activity?.SetTag("millrace.job.type", job.Type);
        activity?.SetTag("millrace.job.attempt", job.Attempt);
        return activity;
    }

    /// <summary>Ends the span of an attempt that failed; the text of the error may hold secrets, so only its type is told.</summary>
    public static void Fail(Activity? activity, Exception error) => activity?.SetTag("error.type", error.GetType().FullName).SetStatus(ActivityStatusCode.Error);
}
