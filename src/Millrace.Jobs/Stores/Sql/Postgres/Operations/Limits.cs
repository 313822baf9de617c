using System.Runtime.InteropServices;

namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary>What limits over all processes leave to a claim: as <see cref="Memory.QueueGuard"/> specifies, in the claim's transaction.</summary>
/// <remarks>Claims from a limited queue take turns until they are committed. So nobody starts jobs of it between the look and the claim; that some end
/// meanwhile does no harm. Ends come before the turn, so that the places they leave are filled, and because those who have their turn wait for nobody.</remarks>
internal sealed class Limits
{
    private const string TakeTurns = """
        SELECT pg_advisory_xact_lock(hashtextextended('millrace.limit ' || q.name, 0)) IS NULL
        FROM (SELECT n.name FROM unnest(@queues) AS n(name) ORDER BY n.name COLLATE "C") q
        """;

    // Counted, not kept: running jobs are few, and so no claim and no end of an unlimited queue pays for it.
    private const string Running = "SELECT queue, count(*) FROM millrace.job WHERE worker IS NOT NULL AND queue = ANY (@queues) GROUP BY queue";

    private const string Clock = "SELECT millrace.clock(@now)";

    private const string Rates = "SELECT queue, blocked_until, bucket FROM millrace.rate WHERE queue = ANY (@queues)";

    // Past, or to come: then the clock was set back.
    private const string Forget = """
        DELETE FROM millrace.start
        WHERE ctid = ANY (ARRAY(
          SELECT old.place FROM unnest(@queues, @periods) AS q(name, period)
          CROSS JOIN LATERAL (
            SELECT s.ctid AS place FROM millrace.start s
            WHERE s.queue = q.name AND (s.at <= millrace.clock(@now) - q.period OR s.at > millrace.clock(@now)) OFFSET 0) old))
        """;

    private const string Starts = "SELECT queue, sum(number)::bigint, min(at) FROM millrace.start WHERE queue = ANY (@queues) GROUP BY queue";

    private const string Start = """
        INSERT INTO millrace.start AS s (queue, at, number) SELECT q.name, @now, q.number FROM unnest(@queues, @numbers) AS q(name, number) WHERE q.number > 0
        ON CONFLICT (queue, at) DO UPDATE SET number = s.number + excluded.number
        """;

    private const string Write = """
        INSERT INTO millrace.rate (queue, blocked_until, bucket) SELECT q.name, q.until, q.bucket FROM unnest(@queues, @untils, @buckets) AS q(name, until, bucket)
        ON CONFLICT (queue) DO UPDATE SET blocked_until = excluded.blocked_until, bucket = excluded.bucket
        """;

    private readonly List<QueueCapacity> _limited;
    private readonly List<QueueCapacity> _rated;
    private readonly Dictionary<string, long> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Number, long First)> _starts = new(StringComparer.Ordinal);

    public Limits(IReadOnlyList<QueueCapacity> queues)
    {
        _limited = [.. queues.Where(static queue => queue is { MaximumRunning: not null } or { Rate: not null })];
        _rated = _limited.FindAll(static queue => queue.Rate is not null);
    }

    /// <summary>Whether any queue has a limit.</summary>
    public bool Any => _limited.Count > 0;

    /// <summary>The claim's time, by which everything is counted.</summary>
    public long Now { get; private set; }

    /// <summary>Adds the turn, and the look at what the limits count.</summary>
    public void Look(PostgresBatch batch, long? now)
    {
        batch.Add(TakeTurns, static _ => { }).Set("@queues", Names(_limited));
        batch.Add(Running, row => _running[row.Text(0, JobLimits.MaximumNameLength)] = row.Number(1)).Set("@queues", Names(_limited));
        if (_rated.Count > 0)
        {
            LookAtRates(batch, now);
        }

        // Last: what was forgotten as past by an earlier clock is past by this one too.
        batch.Add(Clock, row => Now = row.Number(0)).Set("@now", now);
    }

    private void LookAtRates(PostgresBatch batch, long? now)
    {
        var sliding = Sliding();
        batch.Add(Rates, row => _kept[row.Text(0, JobLimits.MaximumNameLength)] = new(row.Number(1), row.Real(2))).Set("@queues", Names(_rated));
        batch.Add(Forget)
            .Set("@queues", Names(sliding))
            .Set("@periods", sliding.ConvertAll(static queue => SqlTime.RoundUp(queue.Rate!.Period)).ToArray())
            .Set("@now", now);
        batch.Add(Starts, row => _starts[row.Text(0, JobLimits.MaximumNameLength)] = (row.Number(1), row.Number(2))).Set("@queues", Names(sliding));
    }

    /// <summary>How many jobs of a queue may be claimed, when so many are asked for.</summary>
    public int Allow(QueueCapacity queue, int capacity)
    {
        if (queue.MaximumRunning is { } most)
        {
            capacity = (int)Math.Clamp(most - _running.GetValueOrDefault(queue.Queue), 0, capacity);
        }

        return queue.Rate is { } rate ? Math.Min(capacity, Free(queue.Queue, rate)) : capacity;
    }

    /// <summary>Takes note of what was started. False when there is nothing to keep; else it is added to the batch.</summary>
    public bool Keep(PostgresBatch batch, IReadOnlyDictionary<string, int> started)
    {
        var changed = new List<(string Queue, long Number, Kept Kept)>();
        foreach (var queue in _rated)
        {
            var number = started.GetValueOrDefault(queue.Queue);
            var kept = After(queue.Queue, queue.Rate!, number);
            if (number > 0 || kept.BlockedUntil != _kept.GetValueOrDefault(queue.Queue).BlockedUntil)
            {
                changed.Add((queue.Queue, queue.Rate!.Kind == JobRateKind.SlidingWindow ? number : 0, kept));
            }
        }

        if (changed.Count == 0)
        {
            return false;
        }

        var names = changed.ConvertAll(static change => change.Queue).ToArray();
        batch.Add(Start).Set("@queues", names).Set("@numbers", changed.ConvertAll(static change => change.Number).ToArray()).Set("@now", Now);
        batch.Add(Write)
            .Set("@queues", names)
            .Set("@untils", changed.ConvertAll(static change => change.Kept.BlockedUntil).ToArray())
            .Set("@buckets", changed.ConvertAll(static change => change.Kept.Bucket).ToArray());
        return true;
    }

    private int Free(string queue, JobRate rate) => rate.Kind == JobRateKind.TokenBucket
        ? TokenBucket.Tokens(Bucket(queue, rate), rate, Now)
        : (int)Math.Max(0, rate.Count - _starts.GetValueOrDefault(queue).Number);

    private Kept After(string queue, JobRate rate, int started)
    {
        if (rate.Kind == JobRateKind.TokenBucket)
        {
            var bucket = TokenBucket.Take(Bucket(queue, rate), rate, started);
            return new(TokenBucket.Tokens(bucket, rate, Now) > 0 ? 0 : (long)TokenBucket.Next(bucket, rate), bucket);
        }

        var (number, first) = _starts.GetValueOrDefault(queue, (0, Now));
        return new(number + started < rate.Count ? 0 : first + SqlTime.RoundUp(rate.Period), 0);
    }

    private double Bucket(string queue, JobRate rate) => TokenBucket.Normalize(_kept.GetValueOrDefault(queue).Bucket, rate, Now);

    private List<QueueCapacity> Sliding() => _rated.FindAll(static queue => queue.Rate!.Kind == JobRateKind.SlidingWindow);

    private static string[] Names(List<QueueCapacity> queues) => queues.ConvertAll(static queue => queue.Queue).ToArray();

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Kept(long BlockedUntil, double Bucket);
}
