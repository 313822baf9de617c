namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>What became of the jobs of one statement, which may be those of several enqueues.</summary>
internal sealed class EnqueueAnswer
{
    /// <summary>There was no room; then nothing was stored.</summary>
    public bool IsFull { get; init; }

    /// <summary>By place: the job was not added. Null when all were.</summary>
    public bool[]? Existing { get; init; }

    /// <summary>By place: the job that holds the unique key, where one kept the job out. Null when none did.</summary>
    public string?[]? Holders { get; init; }

    /// <summary>The outcome of one of the enqueues, whose jobs begin at <paramref name="first"/>.</summary>
    public EnqueueOutcome Of(IReadOnlyList<NewJob> jobs, int first = 0)
    {
        if (IsFull)
        {
            return new EnqueueOutcome { FullQueue = jobs[0].Queue };
        }

        if (Existing is null)
        {
            return new EnqueueOutcome();
        }

        var existing = new List<string>();
        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < jobs.Count; i++)
        {
            if (Existing[first + i])
            {
                existing.Add(jobs[i].Id);
                if (Holders?[first + i] is { } holder)
                {
                    holders[jobs[i].Id] = holder;
                }
            }
        }

        return new EnqueueOutcome { Existing = existing, Holders = holders };
    }
}
