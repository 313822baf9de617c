using System.Runtime.InteropServices;

namespace Millrace.Jobs;

/// <summary>How many jobs of one queue a worker can take now, and how many all workers together may run.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Capacity">Free places, 1 or more.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct QueueCapacity(string Queue, int Capacity)
{
    /// <summary>At most this many jobs of the queue run at once, over all processes that share the store; null for no limit.</summary>
    public int? MaximumRunning { get; init; }

    /// <summary>How many jobs of the queue may be started in a time, over all processes; null for no limit. Every start counts, a retry's too.</summary>
    public JobRate? Rate { get; init; }

    /// <summary>At most this many jobs of one group of the queue run at once, over all processes; null for no limit.</summary>
    public int? GroupMaximumRunning { get; init; }

    /// <summary>How many jobs of one group of the queue may be started in a time, over all processes; null for no limit. Its kind is
    /// <see cref="JobRateKind.TokenBucket"/>.</summary>
    public JobRate? GroupRate { get; init; }
}
