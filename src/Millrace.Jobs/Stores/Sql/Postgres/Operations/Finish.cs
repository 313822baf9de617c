namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.FinishAsync"/>, also as part of a claim: one statement for jobs that are removed, one for all others.</summary>
/// <remarks>A statement ends those claims that are still current, and looks at the jobs of the others; <see cref="FinishAnswers"/> tells
/// from that what each request came to. Rows are locked in the order of ids.</remarks>
internal sealed class Finish(IReadOnlyList<JobFinish> finishes)
{
    private const string Asked = "asked AS (SELECT * FROM unnest(@ids, @queues, @tokens, @results) AS a(id, queue, token, result))";

    // The claims that were not current: where their jobs stand instead.
    private const string Others = """
        UNION ALL
        SELECT j.id, j.queue, j.token, j.state, false, false FROM asked a JOIN millrace.job j ON j.id = a.id WHERE a.id NOT IN (SELECT id FROM ended)
        """;

    private const string Remove = $"""
        WITH {Asked},
        ended AS (
          DELETE FROM millrace.job j USING asked a WHERE j.id = a.id AND j.token = a.token AND j.queue = a.queue AND j.state = 2
          RETURNING j.id, j.queue, j.token, j.sequence, j.tags, j.unique_key, j.awaited, a.result),
        told AS (INSERT INTO millrace.link_end (queue, id, ended, result) SELECT queue, id, 3, result FROM ended WHERE awaited),
        leaving AS (SELECT queue, unique_key, id FROM ended WHERE unique_key IS NOT NULL),
        {UniqueKeys.Free},
        untagged AS (
          DELETE FROM millrace.job_tag t USING (SELECT sequence, unnest(tags) AS tag FROM ended WHERE tags IS NOT NULL) e
          WHERE t.tag = e.tag AND t.sequence = e.sequence)
        SELECT id, queue, token, 3::smallint, true, awaited FROM ended
        {Others}
        """;

    // A retry, snooze or release of a job whose cancellation was requested is the same as Cancelled. The numbers are FinishKind's.
    private const string Kind = "(CASE WHEN j.cancel_requested AND a.kind IN (1, 3, 5) THEN 4 ELSE a.kind END)";

    private const string Change = $"""
        WITH asked AS (
          SELECT * FROM unnest(@ids, @queues, @tokens, @kinds, @delays, @errors, @results) AS a(id, queue, token, kind, delay, error, result)),
        ended AS (
          UPDATE millrace.job j
          SET state = CASE {Kind} WHEN 0 THEN 3 WHEN 2 THEN 4 WHEN 4 THEN 5 WHEN 5 THEN 1 ELSE 0 END,
              attempt = CASE WHEN {Kind} IN (3, 5) THEN j.attempt - 1 ELSE j.attempt END,
              due_at = CASE WHEN {Kind} IN (1, 3) THEN millrace.clock(@now) + a.delay ELSE j.due_at END,
              finished_at = CASE WHEN {Kind} IN (0, 2, 4) THEN millrace.clock(@now) END,
              error = CASE {Kind} WHEN 0 THEN NULL WHEN 1 THEN a.error WHEN 2 THEN a.error ELSE j.error END,
              result = CASE {Kind} WHEN 0 THEN a.result ELSE j.result END,
              worker = NULL, cancel_requested = false
          FROM asked a WHERE j.id = a.id AND j.token = a.token AND j.queue = a.queue AND j.state = 2
          RETURNING j.id, j.queue, j.token, j.state, j.attempt, j.unique_key, j.awaited),
        leaving AS (SELECT queue, unique_key, id FROM ended WHERE state >= 3 AND unique_key IS NOT NULL),
        {UniqueKeys.Free},
        moves AS (SELECT queue, state, attempt, 1 AS number FROM ended),
        counted AS ({QueueChange.Insert})
        SELECT id, queue, token, state, true, awaited FROM ended
        {Others}
        """;

    private const string Look = "SELECT id, queue, token, state, false, false FROM millrace.job WHERE id = ANY (@ids)";

    private readonly FinishAnswers _answers = new(finishes);

    /// <summary>Others wait for one of the jobs that were ended, and have to be told.</summary>
    public bool IsAwaited => _answers.IsAwaited;

    /// <summary>Whether the end puts the job back, so that there is work for those who wait, now or later.</summary>
    public static bool PutsBack(JobFinish finish) => finish.Kind is FinishKind.Retry or FinishKind.Snoozed or FinishKind.Released;

    /// <summary>Whether the end puts the job back at a place in line that may be before the line's front.</summary>
    public static bool ReturnsToLine(JobFinish finish) => finish.Kind == FinishKind.Released || (PutsBack(finish) && finish.Delay == TimeSpan.Zero);

    /// <summary>Ends the claims.</summary>
    /// <param name="session">The session.</param>
    /// <param name="now">The store's clock; null is the server's.</param>
    /// <param name="finishes">The ends.</param>
    /// <param name="more">Adds what goes with it.</param>
    /// <param name="awaited">Called when others wait for a job that was ended.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<IReadOnlyList<FinishResult>> RunAsync(
        PostgresSession session, long? now, IReadOnlyList<JobFinish> finishes, Action<PostgresBatch>? more, Action awaited, CancellationToken cancellationToken)
    {
        var finish = new Finish(finishes);
        var batch = session.Batch();
        finish.Add(batch, now);
        more?.Invoke(batch);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        var answers = await finish.AnswerAsync(session, cancellationToken).ConfigureAwait(false);
        if (finish.IsAwaited)
        {
            awaited();
        }

        return answers;
    }

    /// <summary>Adds the statements.</summary>
    public void Add(PostgresBatch batch, long? now)
    {
        var first = finishes.DistinctBy(static finish => finish.Run).OrderBy(static finish => finish.Run.Id, StringComparer.Ordinal).ToLookup(IsRemoval);
        if (first[true].ToList() is { Count: > 0 } removals)
        {
            AskFor(batch.Add(Remove, _answers.Add), removals);
        }

        if (first[false].ToList() is { Count: > 0 } changes)
        {
            AskFor(batch.Add(Change, _answers.Add), changes)
                .Set("@now", now)
                .Set("@kinds", changes.ConvertAll(static finish => (int)finish.Kind).ToArray())
                .Set("@delays", changes.ConvertAll(static finish => SqlTime.RoundUp(finish.Delay)).ToArray())
                .Set("@errors", changes.ConvertAll(static finish => PostgresValue.Text(finish.Error)).ToArray());
        }
    }

    /// <summary>The answers, once the batch has run.</summary>
    public async ValueTask<IReadOnlyList<FinishResult>> AnswerAsync(PostgresSession session, CancellationToken cancellationToken)
    {
        var unclear = _answers.Unclear();
        if (unclear.Length > 0)
        {
            // Another took the job away between the statement's look and its change: what it made of it shows now.
            var batch = session.Batch();
            batch.Add(Look, _answers.Add).Set("@ids", unclear);
            await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        }

        return _answers.All();
    }

    private static bool IsRemoval(JobFinish finish) => finish is { Kind: FinishKind.Completed, Remove: true };

    private static PostgresStatement AskFor(PostgresStatement statement, List<JobFinish> finishes) => statement
        .Set("@ids", finishes.ConvertAll(static finish => finish.Run.Id).ToArray())
        .Set("@queues", finishes.ConvertAll(static finish => finish.Run.Queue).ToArray())
        .Set("@tokens", finishes.ConvertAll(static finish => finish.Run.Token).ToArray())
        .Set("@results", finishes.ConvertAll(static finish => finish.Result is { } result ? SqlValue.Bytes(result) : null).ToArray());
}
