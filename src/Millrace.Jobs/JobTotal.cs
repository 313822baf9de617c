namespace Millrace.Jobs;

/// <summary>A count since this process started.</summary>
/// <param name="Queue">The queue; <c>other</c> beyond 1,000 pairs of queue and type.</param>
/// <param name="Type">The registered job name; <c>other</c> for a name that this process does not know.</param>
/// <param name="Status"><c>enqueued</c>, <c>completed</c>, <c>retried</c> (an attempt failed, another follows), <c>dead</c>, <c>cancelled</c>,
/// <c>snoozed</c>, <c>released</c> (given back at a stop) or <c>refused</c> (ended here, but no longer this worker's own).</param>
/// <param name="Count">How many.</param>
public sealed record JobTotal(string Queue, string Type, string Status, long Count);
