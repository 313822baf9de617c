namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.ListAsync"/>: down the index that orders a state's jobs (in all queues at once where it begins with the queue), or
/// down the tag's index. A filter for which the index has no column passes over what does not match.</summary>
internal static class List
{
    private const string Select = $"SELECT {JobRow.Columns}, j.payload";

    private const string Queues = $"(SELECT @queue AS name WHERE @queue IS NOT NULL UNION SELECT c.queue FROM {QueueChange.All} c WHERE @queue IS NULL)";

    private const string ByTag = $"""
        {Select} FROM millrace.job_tag t JOIN millrace.job j ON j.id = t.id
        WHERE t.tag = @tag AND t.sequence < @before AND j.sequence = t.sequence
          AND (@state IS NULL OR j.state = @state) AND (@queue IS NULL OR j.queue = @queue) AND (@type IS NULL OR j.type = @type)
          AND CASE WHEN j.state < 2 THEN j.due_at WHEN j.state = 2 THEN j.started_at WHEN j.state = 6 THEN j.created_at ELSE j.finished_at END BETWEEN @from AND @until - 1
        ORDER BY t.sequence DESC LIMIT @limit
        """;

    private const string Running = $"""
        {Select} FROM millrace.job j
        WHERE j.worker IS NOT NULL AND j.started_at < @until AND (j.started_at, j.sequence) > (@first, @sequence)
          AND (@queue IS NULL OR j.queue = @queue) AND (@type IS NULL OR j.type = @type)
        ORDER BY j.started_at, j.sequence LIMIT @limit
        """;

    private const string Waiting = $"""
        {Select} FROM {Queues} q CROSS JOIN LATERAL (
          (SELECT * FROM millrace.job j
           WHERE j.queue = q.name AND j.state = 1 AND j.job_group IS NULL AND (j.rank, j.due_at, j.sequence) > (@first, @second, @sequence) AND (@type IS NULL OR j.type = @type)
              AND j.due_at >= @from AND j.due_at < @until
           ORDER BY j.rank, j.due_at, j.sequence LIMIT @limit)
          UNION ALL
          (SELECT * FROM millrace.job j
           WHERE j.queue = q.name AND j.state = 1 AND j.job_group IS NOT NULL AND (j.rank, j.due_at, j.sequence) > (@first, @second, @sequence) AND (@type IS NULL OR j.type = @type)
              AND j.due_at >= @from AND j.due_at < @until
           ORDER BY j.rank, j.due_at, j.sequence LIMIT @limit)) j
        ORDER BY j.rank, j.due_at, j.sequence LIMIT @limit
        """;

    private const string Scheduled = $"""
        {Select} FROM {Queues} q CROSS JOIN LATERAL (
          SELECT * FROM millrace.job j
          WHERE j.queue = q.name AND j.state = 0 AND j.due_at < @until AND (j.due_at, j.sequence) > (@first, @sequence) AND (@type IS NULL OR j.type = @type)
          ORDER BY j.due_at, j.sequence LIMIT @limit) j
        ORDER BY j.due_at, j.sequence LIMIT @limit
        """;

    private const string Blocked = $"""
        {Select} FROM millrace.job j
        WHERE j.state >= 3 AND j.state = 6 AND j.finished_at IS NULL AND j.sequence > @sequence AND (@queue IS NULL OR j.queue = @queue) AND (@type IS NULL OR j.type = @type)
          AND j.created_at >= @from AND j.created_at < @until
        ORDER BY j.sequence LIMIT @limit
        """;

    private const string Ended = $"""
        {Select} FROM millrace.job j
        WHERE j.state >= 3 AND j.state = @state AND j.finished_at >= @from AND (j.finished_at, j.sequence) < (@finished, @before)
          AND (@queue IS NULL OR j.queue = @queue) AND (@type IS NULL OR j.type = @type)
        ORDER BY j.finished_at DESC, j.sequence DESC LIMIT @limit
        """;

    public static async ValueTask<JobPage> RunAsync(PostgresSession session, JobQuery query, CancellationToken cancellationToken)
    {
        var place = ListPlace.Parse(query);
        var found = new List<SqlJob>();
        if (query.Tag is not null)
        {
            await ReadAsync(session, found, ByTag, query, query.PageSize + 1, statement => statement
                .Set("@tag", query.Tag)
                .Set("@before", -place.First)
                .Set("@state", (long?)query.State)
                .Set("@from", ListRange.From(query))
                .Set("@until", ListRange.Until(query)), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            foreach (var state in place.States(query))
            {
                var from = ListPlace.Start(state, query);
                await OfStateAsync(session, found, query, state, place > from ? place : from, cancellationToken).ConfigureAwait(false);
                if (found.Count > query.PageSize)
                {
                    break;
                }
            }
        }

        var next = found.Count > query.PageSize ? ListPlace.Of(found[query.PageSize - 1].Record, found[query.PageSize - 1].Sequence, query).ToString() : null;
        return new JobPage([.. found.Take(query.PageSize).Select(static job => job.Record)], next);
    }

    private static ValueTask OfStateAsync(
        PostgresSession session, List<SqlJob> found, JobQuery query, JobState state, ListPlace place, CancellationToken cancellationToken)
    {
        var limit = query.PageSize + 1 - found.Count;
        return state switch
        {
            JobState.Running => ReadAsync(session, found, Running, query, limit, statement => statement
                .Set("@until", ListRange.Until(query))
                .Set("@first", place.First)
                .Set("@sequence", place.Sequence), cancellationToken),
            JobState.Waiting => ReadAsync(session, found, Waiting, query, limit, statement => statement
                .Set("@from", ListRange.From(query))
                .Set("@until", ListRange.Until(query))
                .Set("@first", place.First)
                .Set("@second", place.Second)
                .Set("@sequence", place.Sequence), cancellationToken),
            JobState.Scheduled => ReadAsync(session, found, Scheduled, query, limit, statement => statement
                .Set("@until", ListRange.Until(query))
                .Set("@first", place.First)
                .Set("@sequence", place.Sequence), cancellationToken),
            JobState.Blocked => ReadAsync(session, found, Blocked, query, limit, statement => statement
                .Set("@from", ListRange.From(query))
                .Set("@until", ListRange.Until(query))
                .Set("@sequence", place.Sequence), cancellationToken),
            _ => ReadAsync(session, found, Ended, query, limit, statement => statement
                .Set("@state", (long)state)
                .Set("@from", ListRange.From(query))
                .Set("@finished", -place.First)
                .Set("@before", -place.Sequence), cancellationToken),
        };
    }

    private static async ValueTask ReadAsync(
        PostgresSession session, List<SqlJob> found, string text, JobQuery query, int limit, Action<PostgresStatement> set, CancellationToken cancellationToken)
    {
        var batch = session.Batch();
        var statement = batch.Add(text, found, JobRow.Read).Set("@queue", query.Queue).Set("@type", query.Type).Set("@limit", limit);
        set(statement);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
    }
}
