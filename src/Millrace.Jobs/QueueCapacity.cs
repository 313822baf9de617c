namespace Millrace.Jobs;

/// <summary>How many jobs of one queue a worker can take now.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Capacity">Free places, 1 or more.</param>
public readonly record struct QueueCapacity(string Queue, int Capacity);
