namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>By how much an operation changed what a queue holds.</summary>
internal sealed class QueueCounts
{
    private readonly long[] _byState = new long[7];

    public long this[JobState state] => _byState[(int)state];

    public long Retrying { get; private set; }

    public bool IsZero => Retrying == 0 && Array.TrueForAll(_byState, static count => count == 0);

    public void Add(JobState state, int attempt, long number)
    {
        _byState[(int)state] += number;
        if (state == JobState.Scheduled && attempt > 0)
        {
            Retrying += number;
        }
    }
}
