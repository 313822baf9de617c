using System.Runtime.InteropServices;

namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>The groups of queues, which take turns: as <see cref="Memory.GroupRing"/> specifies. A group has a row for as long as it has waiting jobs.</summary>
internal static class GroupTable
{
    private const string NextTurn = "(SELECT COALESCE(MAX(turn), 0) + 1 FROM millrace_group WHERE queue = @queue AND turn IS NOT NULL)";

    private const string Insert = $"""
        INSERT INTO millrace_group (queue, name, turn) VALUES (@queue, @name, {NextTurn})
        ON CONFLICT (queue, name) DO UPDATE SET turn = excluded.turn WHERE turn IS NULL AND rests_until IS NULL
        """;

    private const string Return = $"UPDATE millrace_group SET turn = {NextTurn} WHERE queue = @queue AND name = @name AND turn IS NULL AND rests_until IS NULL";

    private const string Rested = "SELECT name FROM millrace_group WHERE queue = @queue AND rests_until <= @now ORDER BY rests_until, name";

    private const string Wake = $"UPDATE millrace_group SET turn = {NextTurn}, rests_until = NULL WHERE queue = @queue AND name = @name";

    private const string First = "SELECT name, turn FROM millrace_group WHERE queue = @queue AND turn IS NOT NULL AND name <> '' ORDER BY turn LIMIT 1";

    private const string Others = "SELECT turn FROM millrace_group WHERE queue = @queue AND name = ''";

    private const string Serve = $"""
        INSERT INTO millrace_group (queue, name, turn) VALUES (@queue, @name, {NextTurn})
        ON CONFLICT (queue, name) DO UPDATE SET turn = excluded.turn
        """;

    private const string Advance = $"UPDATE millrace_group SET turn = {NextTurn} WHERE queue = @queue AND name = @name";

    private const string Park = "UPDATE millrace_group SET turn = NULL, rests_until = @until WHERE queue = @queue AND name = @name";

    private const string Any = "SELECT 1 FROM millrace_group WHERE queue = @queue LIMIT 1";

    private const string Forget = """
        DELETE FROM millrace_group
        WHERE queue = @queue AND name = @name AND NOT EXISTS (SELECT 1 FROM millrace_job j WHERE j.queue = @queue AND j.job_group = @name AND j.state = 1 AND j.job_group IS NOT NULL)
        """;

    private const string ForgetOthers = """
        DELETE FROM millrace_group
        WHERE name = '' AND NOT EXISTS (SELECT 1 FROM millrace_group g WHERE g.queue = millrace_group.queue AND g.name <> '')
        """;

    private const string ForgetOthersOf = ForgetOthers + " AND queue = @queue";

    private const string Running = "SELECT COUNT(*) FROM millrace_job j WHERE j.queue = @queue AND j.job_group = @name AND j.state = 2 AND j.job_group IS NOT NULL";

    private const string Bucket = "SELECT full_at FROM millrace_group_bucket WHERE queue = @queue AND name = @name";

    private const string WriteBucket = """
        INSERT INTO millrace_group_bucket (queue, name, full_at) VALUES (@queue, @name, @full_at)
        ON CONFLICT (queue, name) DO UPDATE SET full_at = excluded.full_at
        """;

    private const string ForgetBuckets = "DELETE FROM millrace_group_bucket WHERE full_at <= @now";

    private const string GroupOf = "SELECT job_group FROM millrace_job WHERE sequence = @sequence";

    /// <summary>Whether a queue has groups with waiting jobs; those come back whose time of rest is over.</summary>
    public static async ValueTask<bool> AnyAsync(WriteSession session, string queue)
    {
        if (await session.Statement(Any).Set("@queue", queue).ScalarAsync().ConfigureAwait(false) is null)
        {
            return false;
        }

        foreach (var name in await session.Statement(Rested).Set("@queue", queue).Set("@now", session.Now).ListAsync(static row => row.Text(0, JobLimits.MaximumNameLength)).ConfigureAwait(false))
        {
            await session.Statement(Wake).Set("@queue", queue).Set("@name", name).RunAsync().ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>The party whose turn it is: a group that may start a job, or an empty name for the jobs without one. Null when it is nobody's.</summary>
    /// <param name="session">The session.</param>
    /// <param name="limits">The limits of groups; a token of the rate is taken.</param>
    /// <param name="others">Whether there are waiting jobs without a group.</param>
    public static async ValueTask<string?> NextAsync(WriteSession session, QueueCapacity limits, bool others)
    {
        var turn = others ? await session.Statement(Others).Set("@queue", limits.Queue).ScalarAsync().ConfigureAwait(false) as long? ?? 0 : long.MaxValue;
        while (true)
        {
            var first = await session.Statement(First).Set("@queue", limits.Queue).FirstAsync(static row => new Place(row.Text(0, JobLimits.MaximumNameLength), row.Number(1))).ConfigureAwait(false);
            if (first.Name is null || turn < first.Turn)
            {
                return others ? string.Empty : null;
            }

            if (limits.GroupMaximumRunning is { } most
                && await session.Statement(Running).Set("@queue", limits.Queue).Set("@name", first.Name).ScalarAsync().ConfigureAwait(false) is long running && running >= most)
            {
                await ParkAsync(session, limits.Queue, first.Name, until: null).ConfigureAwait(false);
            }
            else if (limits.GroupRate is not { } rate || await TryTakeAsync(session, limits.Queue, first.Name, rate).ConfigureAwait(false))
            {
                return first.Name;
            }
        }
    }

    /// <summary>A party had its turn: it goes behind all others.</summary>
    public static async ValueTask ServedAsync(WriteSession session, string queue, string name) =>
        await session.Statement(name.Length == 0 ? Serve : Advance).Set("@queue", queue).Set("@name", name).RunAsync().ConfigureAwait(false);

    /// <summary>A job of a group waits now.</summary>
    public static async ValueTask EnterAsync(WriteSession session, string queue, string name)
    {
        session.Grouped();
        await session.Statement(Insert).Set("@queue", queue).Set("@name", name).RunAsync().ConfigureAwait(false);
    }

    /// <summary>A job of a group, of which it is known that it has changed, waits or runs no longer.</summary>
    public static async ValueTask LeaveAsync(WriteSession session, string queue, string name, JobState before)
    {
        if (before == JobState.Waiting)
        {
            await session.Statement(Forget).Set("@queue", queue).Set("@name", name).RunAsync().ConfigureAwait(false);
        }
        else if (before == JobState.Running && await session.Statement(Return).Set("@queue", queue).Set("@name", name).RunAsync().ConfigureAwait(false) == 1)
        {
            session.Wake(queue);
        }
    }

    /// <summary>The group of a job; null for none.</summary>
    public static async ValueTask<string?> FindAsync(WriteSession session, long sequence) =>
        (string?)await session.Statement(GroupOf).Set("@sequence", sequence).ScalarAsync().ConfigureAwait(false);

    /// <summary>While no group of a queue has waiting jobs, its jobs without a group have no turn to remember.</summary>
    public static async ValueTask ForgetOthersAsync(WriteSession session, string queue) =>
        await session.Statement(ForgetOthersOf).Set("@queue", queue).RunAsync().ConfigureAwait(false);

    /// <summary>Forgets what is no longer needed of any queue's groups.</summary>
    public static async ValueTask ForgetAsync(WriteSession session)
    {
        await session.Statement(ForgetOthers).RunAsync().ConfigureAwait(false);
        await session.Statement(ForgetBuckets).Set("@now", session.Now).RunAsync().ConfigureAwait(false);
    }

    private static async ValueTask ParkAsync(WriteSession session, string queue, string name, long? until) =>
        await session.Statement(Park).Set("@queue", queue).Set("@name", name).Set("@until", until).RunAsync().ConfigureAwait(false);

    private static async ValueTask<bool> TryTakeAsync(WriteSession session, string queue, string name, JobRate rate)
    {
        var kept = await session.Statement(Bucket).Set("@queue", queue).Set("@name", name).ScalarAsync().ConfigureAwait(false) as double? ?? 0;
        var full = TokenBucket.Normalize(kept, rate, session.Now);
        if (TokenBucket.Tokens(full, rate, session.Now) == 0)
        {
            await ParkAsync(session, queue, name, (long)TokenBucket.Next(full, rate)).ConfigureAwait(false);
            return false;
        }

        await session.Statement(WriteBucket).Set("@queue", queue).Set("@name", name).Set("@full_at", TokenBucket.Take(full, rate, 1)).RunAsync().ConfigureAwait(false);
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Place(string? Name, long Turn);
}
