using Millrace.Jobs;

namespace Millrace.AspNetCore.Management;

/// <summary>A job that another one waits for, or that waits for it.</summary>
/// <param name="Id">The job.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="Ended">How it has ended, as the waiting job knows it; null for not yet, and for jobs that wait.</param>
internal sealed record JobLinkView(string Id, string Queue, JobState? Ended);
