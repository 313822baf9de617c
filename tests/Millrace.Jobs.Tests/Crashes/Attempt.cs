namespace Millrace.Jobs.Tests.Crashes;

/// <summary>An attempt as its process printed it; times in nanoseconds of the machine's clock.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Token">The claim's token.</param>
/// <param name="Begin">When its handler began.</param>
/// <param name="Process">Who ran it.</param>
internal sealed record Attempt(string JobId, long Token, long Begin, LabProcess Process)
{
    /// <summary>When its handler ended; null when its process did not live to see it.</summary>
    public long? Done { get; set; }
}
