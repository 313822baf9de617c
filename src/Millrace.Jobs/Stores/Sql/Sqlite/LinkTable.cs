using System.Runtime.InteropServices;

namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>Which jobs wait for which, as the memory store specifies it.</summary>
internal static class LinkTable
{
    private const string InsertWait = """
        INSERT INTO millrace_wait (job, condition, delay, at, open, result_bytes) VALUES (@job, @condition, @delay, @at, @open, 0)
        """;

    private const string InsertLink = """
        INSERT INTO millrace_link (job, position, queue, id, omitted) VALUES (@job, @position, @queue, @id, 0)
        """;

    private const string Open = """
        SELECT l.id, l.job, l.position, w.condition, w.delay, w.at, w.open, w.result_bytes
        FROM millrace_link l JOIN millrace_wait w ON w.job = l.job
        WHERE l.id = @id AND l.queue = @queue AND (l.ended IS NULL OR (l.ended = 4 AND w.condition = 0))
        ORDER BY l.job
        """;

    private const string EndLink = """
        UPDATE millrace_link SET ended = @ended, result = @result, omitted = @omitted WHERE job = @job AND position = @position
        """;

    private const string UpdateWait = "UPDATE millrace_wait SET open = @open, result_bytes = @result_bytes WHERE job = @job";

    private const string FindId = "SELECT id FROM millrace_job WHERE sequence = @sequence";

    private const string DeleteWait = "DELETE FROM millrace_wait WHERE job = @job";

    private const string DeleteLinks = "DELETE FROM millrace_link WHERE job = @job";

    /// <summary>Lets a new job wait. Of those that it waits for it is told by <see cref="LookAsync"/> once all jobs of its flow are stored.</summary>
    public static async ValueTask AddAsync(WriteSession session, long sequence, NewJob job)
    {
        session.Linked();
        await session.Statement(InsertWait)
            .Set("@job", sequence)
            .Set("@condition", (long)job.Condition)
            .Set("@delay", SqlTime.RoundUp(job.Delay ?? TimeSpan.Zero))
            .Set("@at", job.At is { } at ? SqlTime.RoundUp(at) : null)
            .Set("@open", (long)job.After.Count)
            .RunAsync().ConfigureAwait(false);
        for (var i = 0; i < job.After.Count; i++)
        {
            await session.Statement(InsertLink).Set("@job", sequence).Set("@position", (long)i).Set("@queue", job.After[i].Queue).Set("@id", job.After[i].Id).RunAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Tells a new job of those that have ended already, or are not there.</summary>
    public static async ValueTask LookAsync(WriteSession session, NewJob job)
    {
        foreach (var before in job.After)
        {
            var other = await JobTable.FindAsync(session, before.Id).ConfigureAwait(false);
            if (other is null || other.Record.Queue != before.Queue)
            {
                await TellAsync(session, new(before, JobState.Cancelled, null)).ConfigureAwait(false);
            }
            else if (other.Record is { FinishedAt: not null, State: var ended, Result: var result })
            {
                await TellAsync(session, new(before, ended, ended == JobState.Completed ? result : null)).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Tells those that wait for a job how it has ended. That may end them, whose dependents are told in turn, one after the other.</summary>
    public static async ValueTask TellAsync(WriteSession session, LinkEnd end)
    {
        if (!await session.HasLinksAsync().ConfigureAwait(false))
        {
            return;
        }

        session.Ends.Enqueue(end);
        if (session.Ends.Count > 1)
        {
            return; // the call that is under way comes to it
        }

        for (; session.Ends.TryPeek(out var next); session.Ends.Dequeue())
        {
            foreach (var waiting in await session.Statement(Open).Set("@id", next.Job.Id).Set("@queue", next.Job.Queue).ListAsync(Read).ConfigureAwait(false))
            {
                await TellAsync(session, next, waiting).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A job is removed: it waits for nothing any more, and those that wait for it wait in vain.</summary>
    public static async ValueTask RemoveAsync(WriteSession session, long sequence, string queue)
    {
        await session.Statement(DeleteWait).Set("@job", sequence).RunAsync().ConfigureAwait(false);
        await session.Statement(DeleteLinks).Set("@job", sequence).RunAsync().ConfigureAwait(false);
        await TellAsync(session, sequence, queue, JobState.Cancelled).ConfigureAwait(false);
    }

    /// <summary>As <see cref="TellAsync(WriteSession, LinkEnd)"/>, of a job whose row may not be valid.</summary>
    public static async ValueTask TellAsync(WriteSession session, long sequence, string queue, JobState ended)
    {
        var id = (string?)await session.Statement(FindId).Set("@sequence", sequence).ScalarAsync().ConfigureAwait(false);
        await TellAsync(session, new(new(queue, id!), ended, null)).ConfigureAwait(false);
    }

    private static async ValueTask TellAsync(WriteSession session, LinkEnd end, Waiting waiting)
    {
        var bytes = waiting.ResultBytes + (end.Result?.Length ?? 0);
        var fits = end.Result is null || bytes <= JobLimits.MaximumLinkResults;
        var open = waiting.Open - (LinkRules.IsFinal(waiting.Condition, end.Ended) ? 1 : 0);
        await session.Statement(EndLink)
            .Set("@job", waiting.Job)
            .Set("@position", waiting.Position)
            .Set("@ended", (long)end.Ended)
            .Set("@result", fits && end.Result is { } result ? SqlValue.Bytes(result) : null)
            .Set("@omitted", fits ? 0L : 1L)
            .RunAsync().ConfigureAwait(false);
        await session.Statement(UpdateWait).Set("@job", waiting.Job).Set("@open", open).Set("@result_bytes", fits ? bytes : waiting.ResultBytes).RunAsync().ConfigureAwait(false);
        if (await JobTable.FindAsync(session, waiting.Job).ConfigureAwait(false) is not { Record.State: JobState.Blocked } job)
        {
            return;
        }

        switch (LinkRules.Decide(waiting.Condition, end.Ended, open == 0))
        {
            case JobState.Waiting:
                var due = Math.Max(waiting.At ?? 0, session.Now + waiting.Delay);
                var state = due > session.Now ? JobState.Scheduled : JobState.Waiting;
                await JobTable.ChangeAsync(session, job, job.Record with { State = state, DueAt = SqlTime.Time(due) }, job.Token).ConfigureAwait(false);
                session.Wake(job.Record.Queue);
                break;
            case JobState.Cancelled:
                var cancelled = job.Record with { State = JobState.Cancelled, Error = JobStore.DescribePrerequisite(end.Job.Id, end.Ended) };
                await JobTransitions.EndAsync(session, job, cancelled, job.Token).ConfigureAwait(false);
                break;
        }
    }

    private static Waiting Read(SqlRow row) => new(
        row.Number(1), row.Number(2, 0), (JobCondition)row.Number(3, 0, 3), row.Number(4, 0), row.IsNull(5) ? null : row.Number(5), row.Number(6, 0), row.Number(7, 0));

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Waiting(long Job, long Position, JobCondition Condition, long Delay, long? At, long Open, long ResultBytes);
}
