namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Decides which jobs of an enqueue are added, which are kept out by whom, and what holders take over: as <see cref="Memory.MemoryJobStore"/> does.</summary>
internal sealed class UniquePlan(int count)
{
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _holders = new(StringComparer.Ordinal); // by key
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal); // of added jobs, by id
    private readonly bool[] _existing = new bool[count];
    private readonly string?[] _keptOutBy = new string?[count];

    /// <summary>The jobs to add, in order.</summary>
    public List<NewJob> Added { get; } = [];

    /// <summary>By the id of a holder that was there before: the job whose payload, metadata and due time it takes over if it was never claimed.</summary>
    public Dictionary<string, NewJob> Replaced { get; } = new(StringComparer.Ordinal);

    public bool ChangesAnything => Added.Count + Replaced.Count > 0;

    /// <summary>The store has a job of this id.</summary>
    public void Know(string id) => _ids.Add(id);

    /// <summary>A job holds this key.</summary>
    public void Hold(string key, string id) => _holders[key] = id;

    /// <summary>Decides about the next job.</summary>
    public void Add(int index, NewJob job)
    {
        if (_ids.Contains(job.Id))
        {
            _existing[index] = true;
            return;
        }

        if (job.Unique is { } unique)
        {
            if (_holders.TryGetValue(unique.Key, out var holder))
            {
                (_existing[index], _keptOutBy[index]) = (true, holder);
                if (unique.Replace)
                {
                    Replace(holder, job);
                }

                return;
            }

            _holders.Add(unique.Key, job.Id);
        }

        _ids.Add(job.Id);
        _places[job.Id] = Added.Count;
        Added.Add(job);
    }

    public EnqueueAnswer Answer() => new() { Existing = _existing, Holders = _keptOutBy };

    private void Replace(string holder, NewJob job)
    {
        if (_places.TryGetValue(holder, out var place))
        {
            Added[place] = Added[place] with { Payload = job.Payload, Metadata = job.Metadata, Delay = job.Delay, At = job.At };
        }
        else
        {
            Replaced[holder] = job;
        }
    }
}
