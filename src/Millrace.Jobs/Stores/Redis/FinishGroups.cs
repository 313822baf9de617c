namespace Millrace.Jobs.Stores.Redis;

/// <summary>Ends of claims by queue, and the answers to them in the order in which the ends were given.</summary>
internal sealed class FinishGroups
{
    private readonly Dictionary<string, (List<JobFinish> Finishes, List<int> Places)> _open = new(StringComparer.Ordinal);
    private readonly FinishResult[] _results;

    public FinishGroups(IReadOnlyList<JobFinish> finishes)
    {
        _results = new FinishResult[finishes.Count];
        for (var i = 0; i < finishes.Count; i++)
        {
            var queue = finishes[i].Run.Queue;
            if (!_open.TryGetValue(queue, out var group))
            {
                _open[queue] = group = ([], []);
            }

            group.Finishes.Add(finishes[i]);
            group.Places.Add(i);
        }
    }

    public IReadOnlyList<FinishResult> Results => _results;

    /// <summary>Queues whose ends have no answer yet.</summary>
    public IReadOnlyList<string> Unanswered => [.. _open.Keys];

    /// <summary>The ends of a queue that have no answer yet.</summary>
    public IReadOnlyList<JobFinish> Of(string queue) => _open.TryGetValue(queue, out var group) ? group.Finishes : [];

    /// <summary>The queue's server is away: what became of its ends is not known.</summary>
    public void LeaveUnanswered(string queue) => Answer(queue, [.. Of(queue).Select(static _ => new FinishResult(FinishStatus.Unanswered, State: null))]);

    public void Answer(string queue, FinishResult[] answers)
    {
        if (_open.Remove(queue, out var group))
        {
            for (var i = 0; i < answers.Length; i++)
            {
                _results[group.Places[i]] = answers[i];
            }
        }
    }
}
