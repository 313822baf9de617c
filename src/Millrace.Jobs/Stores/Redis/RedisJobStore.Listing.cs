using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Reading jobs.</summary>
internal sealed partial class RedisJobStore
{
    /// <summary>A list that filters looks at no more jobs than this for one page; then it goes on with the next.</summary>
    private const int MaximumExamined = 10_000;

    private const long AllTies = -1_000_000_000_000_000; // below and above every sequence
    private const long NoTies = 1_000_000_000_000_000;

    public override async ValueTask<JobRecord?> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        JobRecord? found = null;
        await EachAsync(
            await QueuesAsync(cancellationToken).ConfigureAwait(false),
            async queue => StoredJob.ReadAll(queue, await RunAsync(JobScripts.Get, queue, [Now(), id], cancellationToken).ConfigureAwait(false)),
            jobs => found ??= jobs.FirstOrDefault()?.Record).ConfigureAwait(false);
        return found;
    }

    public override async ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken = default)
    {
        var from = ParseCursor(query);
        IReadOnlyList<string> queues = query.Queue is not null ? [query.Queue] : await QueuesAsync(cancellationToken).ConfigureAwait(false);
        var found = new List<Listed>();
        var examined = 0;
        foreach (var step in query.Tag is null ? from.Place.States(query).Select(static state => (JobState?)state) : [null])
        {
            var at = step is { } state && ListPlace.Start(state, query) is var start && start > from.Place ? new Cursor(start, string.Empty) : from;
            while (true)
            {
                var page = step is null
                    ? await PageOfTagAsync(queues, query, at, cancellationToken).ConfigureAwait(false)
                    : await PageOfStateAsync(queues, query, step.Value, at, cancellationToken).ConfigureAwait(false);
                examined += page.Count;
                found.AddRange(page.Where(listed => Matches(listed.Job.Record, query)));
                if (found.Count > query.PageSize)
                {
                    return new JobPage([.. found.Take(query.PageSize).Select(static listed => listed.Job.Record)], found[query.PageSize - 1].Cursor.ToString());
                }

                if (page.Count <= query.PageSize || (query.Tag is null && ListRange.IsPast(query, page[^1].Job.Record)))
                {
                    break; // that was all of this state
                }

                at = page[^1].Cursor;
                if (examined >= MaximumExamined)
                {
                    return new JobPage([.. found.Select(static listed => listed.Job.Record)], at.ToString());
                }
            }
        }

        return new JobPage([.. found.Select(static listed => listed.Job.Record)], null);
    }

    /// <summary>Up to a page and one of the jobs of a state, of all queues, in order.</summary>
    private async ValueTask<List<Listed>> PageOfStateAsync(IReadOnlyList<string> queues, JobQuery query, JobState state, Cursor from, CancellationToken cancellationToken)
    {
        var found = new List<Listed>();
        await EachAsync(
            queues,
            async queue =>
            {
                // Jobs that are alike in all that orders them go by queue.
                var after = string.CompareOrdinal(queue, from.Queue) switch { 0 => from.Place.Sequence, < 0 => NoTies, _ => AllTies };
                List<RedisArgument> arguments = [Now(), (int)state, from.Place.First, from.Place.Second, after, query.PageSize + 1];
                return StoredJob.ReadAll(queue, await RunAsync(JobScripts.List, queue, arguments, cancellationToken).ConfigureAwait(false));
            },
            jobs => found.AddRange(jobs.Select(job => new Listed(job, new Cursor(ListPlace.Of(job.Record, job.Sequence, query), job.Record.Queue))))).ConfigureAwait(false);
        found.Sort(static (a, b) => Cursor.Compare(a.Cursor, b.Cursor));
        return [.. found.Take(query.PageSize + 1)];
    }

    /// <summary>Up to a page and one of the jobs with a tag, queue after queue.</summary>
    private async ValueTask<List<Listed>> PageOfTagAsync(IReadOnlyList<string> queues, JobQuery query, Cursor from, CancellationToken cancellationToken)
    {
        var found = new List<Listed>();
        foreach (var queue in queues.Where(queue => string.CompareOrdinal(queue, from.Queue) >= 0))
        {
            var before = queue == from.Queue ? -from.Place.First : NoTies;
            List<RedisArgument> arguments = [Now(), query.Tag!, Math.Clamp(before, 0, 99_999_999_999_999), query.PageSize + 1 - found.Count];
            var jobs = StoredJob.ReadAll(queue, await RunAsync(JobScripts.ListByTag, queue, arguments, cancellationToken).ConfigureAwait(false));
            found.AddRange(jobs.Select(job => new Listed(job, new Cursor(ListPlace.Of(job.Record, job.Sequence, query), queue))));
            if (found.Count > query.PageSize)
            {
                break;
            }
        }

        return found;
    }

    private static bool Matches(JobRecord job, JobQuery query) =>
        (query.State is null || query.Tag is null || job.State == query.State) && (query.Type is null || job.Type == query.Type) && ListRange.Holds(query, job);

    /// <summary>A cursor is a place and, behind one more dot, a queue.</summary>
    private static Cursor ParseCursor(JobQuery query)
    {
        if (query.Cursor is null)
        {
            return new Cursor(ListPlace.Parse(query), string.Empty);
        }

        var at = -1;
        for (var dots = 0; dots < 4; dots++)
        {
            at = query.Cursor.IndexOf('.', at + 1);
            if (at < 0)
            {
                throw new ArgumentException("The cursor is not one that this store gave for this query.", nameof(query));
            }
        }

        return new Cursor(ListPlace.Parse(query with { Cursor = query.Cursor[..at] }), query.Cursor[(at + 1)..]);
    }

    private sealed record Listed(StoredJob Job, Cursor Cursor);

    private sealed record Cursor(ListPlace Place, string Queue)
    {
        public static int Compare(Cursor a, Cursor b)
        {
            var byState = (a.Place with { Sequence = 0 }).CompareTo(b.Place with { Sequence = 0 });
            var byQueue = byState != 0 ? byState : string.CompareOrdinal(a.Queue, b.Queue);
            return byQueue != 0 ? byQueue : a.Place.Sequence.CompareTo(b.Place.Sequence);
        }

        public override string ToString() => $"{Place}.{Queue}";
    }
}
