using System.Collections.Immutable;

namespace Millrace.Jobs.Diagnostics;

/// <summary>What can happen to a job, as metrics name it; the numbers are places in <see cref="All"/>.</summary>
internal static class JobStatuses
{
    public const int Enqueued = 0;
    public const int Completed = 1;
    public const int Retried = 2;
    public const int Dead = 3;
    public const int Cancelled = 4;
    public const int Snoozed = 5;
    public const int Released = 6;
    public const int Refused = 7;

    public static readonly ImmutableArray<string> All = ["enqueued", "completed", "retried", "dead", "cancelled", "snoozed", "released", "refused"];
}
