using System.Runtime.InteropServices;

namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary>Tells what each of some finishes came to, as if they had been done one after the other.</summary>
internal sealed class FinishAnswers(IReadOnlyList<JobFinish> finishes)
{
    private readonly Dictionary<JobRun, JobState> _applied = [];
    private readonly Dictionary<string, Place> _others = new(StringComparer.Ordinal); // jobs as they stood when a finish of theirs was refused

    /// <summary>Others wait for one of the jobs that were ended.</summary>
    public bool IsAwaited { get; private set; }

    /// <summary>Takes a row: id, queue, token, state, whether the claim was ended by the statement, and whether others wait for the job.</summary>
    public void Add(SqlRow row)
    {
        var run = new JobRun(row.Text(1, JobLimits.MaximumNameLength), row.Text(0, JobLimits.MaximumIdLength), row.Number(2));
        IsAwaited |= row.Flag(5);
        if (row.Flag(4))
        {
            _applied[run] = row.State(3);
        }
        else
        {
            _others[run.Id] = new(run.Queue, run.Token, row.State(3));
        }
    }

    /// <summary>Jobs that seemed to be the claim's own but were not ended: they were taken away at that very moment.</summary>
    public string[] Unclear()
    {
        var unclear = finishes.Where(finish => !_applied.ContainsKey(finish.Run) && IsOwn(finish.Run)).Select(static finish => finish.Run.Id).Distinct().ToArray();
        Array.ForEach(unclear, id => _others.Remove(id));
        return unclear;
    }

    /// <summary>The answers in the order of the requests.</summary>
    public FinishResult[] All()
    {
        // Where each job stands as one finish follows the other. One that a finish ends was running under that finish's token before.
        var places = new Dictionary<string, Place?>(StringComparer.Ordinal);
        foreach (var (id, place) in _others)
        {
            places[id] = place;
        }

        foreach (var run in _applied.Keys)
        {
            places[run.Id] = new(run.Queue, run.Token, JobState.Running);
        }

        var done = new HashSet<JobRun>();
        var answers = new FinishResult[finishes.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            var finish = finishes[i];
            if (_applied.TryGetValue(finish.Run, out var state) && done.Add(finish.Run))
            {
                places[finish.Run.Id] = finish is { Kind: FinishKind.Completed, Remove: true } ? null : new(finish.Run.Queue, finish.Run.Token, state);
                answers[i] = new(FinishStatus.Applied, state);
            }
            else
            {
                answers[i] = Refuse(finish.Run, places.GetValueOrDefault(finish.Run.Id));
            }
        }

        return answers;
    }

    private static FinishResult Refuse(JobRun run, Place? place) => place is not { } job || job.Queue != run.Queue
        ? new(FinishStatus.Stale, State: null)
        : new(job.Token == run.Token && job.State != JobState.Running ? FinishStatus.Repeated : FinishStatus.Stale, job.State);

    private bool IsOwn(JobRun run) => _others.TryGetValue(run.Id, out var place) && place == new Place(run.Queue, run.Token, JobState.Running);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Place(string Queue, long Token, JobState State);
}
