namespace Millrace.Jobs;

/// <summary>How long jobs of one terminal state are kept; the sweep removes those that break either bound, oldest first.</summary>
/// <param name="Age">Kept this long after they ended.</param>
/// <param name="Count">At most this many over all queues.</param>
public sealed record JobRetention(TimeSpan Age, int Count);
