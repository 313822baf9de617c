namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.ListAsync"/>: down the index that orders a state's jobs (queue by queue where it begins with the queue), or down
/// the tag's index. A filter for which the index has no column passes over what does not match.</summary>
internal static class List
{
    private const string ByTag = JobTable.SelectFull + """
         JOIN millrace_job_tag t ON t.job = j.sequence
        WHERE t.tag = @tag AND t.job < @before AND (@state IS NULL OR j.state = @state) AND (@queue IS NULL OR j.queue = @queue) AND (@type IS NULL OR j.type = @type)
          AND CASE WHEN j.state < 2 THEN j.due_at WHEN j.state = 2 THEN j.started_at WHEN j.state = 6 THEN j.created_at ELSE j.finished_at END BETWEEN @from AND @until - 1
        ORDER BY t.job DESC LIMIT @limit
        """;

    private const string Running = JobTable.SelectFull + """
         WHERE j.state = 2 AND j.started_at < @until AND (j.started_at > @first OR (j.started_at = @first AND j.sequence > @sequence))
          AND (@queue IS NULL OR j.queue = @queue) AND (@type IS NULL OR j.type = @type)
        ORDER BY j.started_at, +j.sequence LIMIT @limit
        """;

    private const string Waiting = JobTable.SelectFull + """
         WHERE j.queue = @queue AND j.state = 1 AND j.job_group IS NULL AND j.priority <= @priority
          AND (j.priority < @priority OR j.due_at > @second OR (j.due_at = @second AND j.sequence > @sequence)) AND (@type IS NULL OR j.type = @type) AND j.due_at >= @from AND j.due_at < @until
        ORDER BY j.priority DESC, j.due_at, j.sequence LIMIT @limit
        """;

    private const string WaitingInGroups = JobTable.SelectFull + """
         WHERE j.queue = @queue AND j.state = 1 AND j.job_group IS NOT NULL AND j.priority <= @priority
          AND (j.priority < @priority OR j.due_at > @second OR (j.due_at = @second AND j.sequence > @sequence)) AND (@type IS NULL OR j.type = @type) AND j.due_at >= @from AND j.due_at < @until
        ORDER BY j.priority DESC, j.due_at, j.sequence LIMIT @limit
        """;

    private const string Scheduled = JobTable.SelectFull + """
         WHERE j.queue = @queue AND j.state = 0 AND j.due_at >= @first AND j.due_at < @until AND (j.due_at > @first OR j.sequence > @sequence) AND (@type IS NULL OR j.type = @type)
        ORDER BY j.due_at, j.sequence LIMIT @limit
        """;

    private const string Blocked = JobTable.SelectFull + """
         WHERE j.state >= 3 AND j.state = 6 AND j.finished_at IS NULL AND j.sequence > @sequence AND (@queue IS NULL OR j.queue = @queue) AND (@type IS NULL OR j.type = @type)
          AND j.created_at >= @from AND j.created_at < @until
        ORDER BY j.sequence LIMIT @limit
        """;

    private const string Ended = JobTable.SelectFull + """
         WHERE j.state >= 3 AND j.state = @state AND j.finished_at <= @finished AND j.finished_at >= @from AND (j.finished_at < @finished OR j.sequence < @before)
          AND (@queue IS NULL OR j.queue = @queue) AND (@type IS NULL OR j.type = @type)
        ORDER BY j.finished_at DESC, j.sequence DESC LIMIT @limit
        """;

    private const string Queues = "SELECT name FROM millrace_queue";

    public static async ValueTask<JobPage> RunAsync(SqlSession session, JobQuery query)
    {
        var place = ListPlace.Parse(query);
        var found = new List<SqlJob>();
        if (query.Tag is not null)
        {
            found = await ByTagAsync(session, query, place).ConfigureAwait(false);
        }
        else
        {
            foreach (var state in place.States(query))
            {
                var from = ListPlace.Start(state, query);
                found.AddRange(await OfStateAsync(session, query, state, place > from ? place : from, query.PageSize + 1 - found.Count).ConfigureAwait(false));
                if (found.Count > query.PageSize)
                {
                    break;
                }
            }
        }

        var next = found.Count > query.PageSize ? ListPlace.Of(found[query.PageSize - 1].Record, found[query.PageSize - 1].Sequence, query).ToString() : null;
        return new JobPage([.. found.Take(query.PageSize).Select(static job => job.Record)], next);
    }

    private static ValueTask<List<SqlJob>> ByTagAsync(SqlSession session, JobQuery query, ListPlace place) => session.Statement(ByTag)
        .Set("@tag", query.Tag)
        .Set("@before", -place.First)
        .Set("@state", (long?)query.State)
        .Set("@queue", query.Queue)
        .Set("@type", query.Type)
        .Set("@from", ListRange.From(query))
        .Set("@until", ListRange.Until(query))
        .Set("@limit", (long)query.PageSize + 1)
        .ListAsync(JobRow.Read);

    private static ValueTask<List<SqlJob>> OfStateAsync(SqlSession session, JobQuery query, JobState state, ListPlace place, int limit) => state switch
    {
        JobState.Running => session.Statement(Running)
            .Set("@first", place.First)
            .Set("@sequence", place.Sequence)
            .Set("@until", ListRange.Until(query))
            .Set("@queue", query.Queue)
            .Set("@type", query.Type)
            .Set("@limit", (long)limit)
            .ListAsync(JobRow.Read),
        JobState.Blocked => session.Statement(Blocked)
            .Set("@sequence", place.Sequence)
            .Set("@from", ListRange.From(query))
            .Set("@until", ListRange.Until(query))
            .Set("@queue", query.Queue)
            .Set("@type", query.Type)
            .Set("@limit", (long)limit)
            .ListAsync(JobRow.Read),
        JobState.Waiting or JobState.Scheduled => QueueByQueueAsync(session, query, state, place, limit),
        _ => session.Statement(Ended)
            .Set("@state", (long)state)
            .Set("@finished", -place.First)
            .Set("@before", -place.Sequence)
            .Set("@from", ListRange.From(query))
            .Set("@queue", query.Queue)
            .Set("@type", query.Type)
            .Set("@limit", (long)limit)
            .ListAsync(JobRow.Read),
    };

    private static async ValueTask<List<SqlJob>> QueueByQueueAsync(SqlSession session, JobQuery query, JobState state, ListPlace place, int limit)
    {
        List<string> queues = query.Queue is not null
            ? [query.Queue]
            : await session.Statement(Queues).ListAsync(static row => row.Text(0, JobLimits.MaximumNameLength)).ConfigureAwait(false);
        var found = new List<SqlJob>();
        foreach (var queue in queues)
        {
            found.AddRange(await OfQueueAsync(session, query, state == JobState.Waiting ? Waiting : Scheduled, state, queue, place, limit).ConfigureAwait(false));
            if (state == JobState.Waiting)
            {
                found.AddRange(await OfQueueAsync(session, query, WaitingInGroups, state, queue, place, limit).ConfigureAwait(false));
            }
        }

        return [.. found.OrderBy(job => ListPlace.Of(job.Record, job.Sequence, query)).Take(limit)];
    }

    private static ValueTask<List<SqlJob>> OfQueueAsync(SqlSession session, JobQuery query, string text, JobState state, string queue, ListPlace place, int limit)
    {
        var statement = session.Statement(text)
            .Set("@queue", queue)
            .Set("@sequence", place.Sequence)
            .Set("@until", ListRange.Until(query))
            .Set("@type", query.Type)
            .Set("@limit", (long)limit);
        return state == JobState.Waiting
            ? statement.Set("@priority", -place.First).Set("@second", place.Second).Set("@from", ListRange.From(query)).ListAsync(JobRow.Read)
            : statement.Set("@first", place.First).ListAsync(JobRow.Read);
    }
}
