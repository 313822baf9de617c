namespace Millrace.Jobs;

/// <summary>A line that a job has logged.</summary>
/// <param name="At">When, by the store's clock.</param>
/// <param name="Text">What.</param>
public sealed record JobLogLine(DateTimeOffset At, string Text);
