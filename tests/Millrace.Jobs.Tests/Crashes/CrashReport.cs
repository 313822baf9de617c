using System.Globalization;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>What the programs of a run have printed, put together.</summary>
internal sealed class CrashReport
{
    /// <summary>The program's lease, in nanoseconds.</summary>
    private const long Lease = 2_000_000_000;

    /// <summary>Stores keep time to the millisecond.</summary>
    private const long Tolerance = 5_000_000;

    private readonly Dictionary<LabProcess, List<long>> _beats = [];
    private readonly Dictionary<(string JobId, long Token), Attempt> _attempts = [];

    public CrashReport(IEnumerable<LabProcess> processes)
    {
        foreach (var process in processes)
        {
            _beats[process] = [];
            foreach (var line in process.Lines)
            {
                Read(process, line.Split(' '), line);
            }
        }
    }

    /// <summary>Jobs whose enqueue was acknowledged.</summary>
    public HashSet<string> Acknowledged { get; } = new(StringComparer.Ordinal);

    /// <summary>Ends that were confirmed to a worker, each with its state.</summary>
    public List<(string JobId, string State)> Ends { get; } = [];

    /// <summary>Ticks that were fired, each with its job.</summary>
    public List<(string Tick, string JobId)> Fired { get; } = [];

    /// <summary>Lines that are none of the program's own: what its log says.</summary>
    public List<string> Log { get; } = [];

    /// <summary>Claims that were handed out twice: the same job under the same token.</summary>
    public List<string> Repeated { get; } = [];

    public int Attempts => _attempts.Count;

    /// <summary>Attempts that began while an earlier one of the same job ran under a lease that was not over.</summary>
    public List<string> Overlaps { get; } = [];

    /// <summary>How many attempts began while an earlier one still ran that had lost its lease: its process stood still, or died.</summary>
    public int Outlived { get; private set; }

    /// <summary>Compares the attempts of each job with each other.</summary>
    public void Compare()
    {
        foreach (var job in _attempts.Values.GroupBy(static attempt => attempt.JobId, StringComparer.Ordinal))
        {
            var attempts = job.OrderBy(static attempt => attempt.Token).ToList();
            for (var i = 0; i < attempts.Count; i++)
            {
                for (var j = i + 1; j < attempts.Count; j++)
                {
                    Compare(attempts[i], attempts[j]);
                }
            }
        }
    }

    private void Compare(Attempt first, Attempt second)
    {
        if (first.Done <= second.Begin)
        {
            return;
        }

        var beats = _beats[first.Process].Where(beat => beat <= second.Begin).DefaultIfEmpty(long.MinValue).Max();
        if (beats == long.MinValue || beats + Lease <= second.Begin + Tolerance)
        {
            Outlived++;
            return;
        }

        Overlaps.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{first.JobId}: token {second.Token} began at {second.Begin}, while token {first.Token} ran (from {first.Begin} to {first.Done}) under a lease renewed at {beats}"));
    }

    private void Read(LabProcess process, string[] words, string line)
    {
        switch (words)
        {
            case ["ack", var id]:
                Acknowledged.Add(id);
                break;
            case ["begin", var id, _, var token, var time]:
                var attempt = new Attempt(id, Number(token), Number(time), process);
                if (!_attempts.TryAdd((id, attempt.Token), attempt))
                {
                    Repeated.Add($"{id} {token}");
                }

                break;
            case ["done", var id, var token, var time]:
                _attempts[(id, Number(token))].Done = Number(time);
                break;
            case ["end", var id, var state]:
                Ends.Add((id, state));
                break;
            case ["beat", var time]:
                _beats[process].Add(Number(time));
                break;
            case ["fire", var tick, var id]:
                Fired.Add((tick, id));
                break;
            case ["ready"] or ["idle"]:
                break;
            default:
                Log.Add(line);
                break;
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
