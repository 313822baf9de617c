namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>Who holds which unique key.</summary>
internal static class UniqueTable
{
    private const string Find = """
        SELECT job FROM millrace_unique WHERE queue = @queue AND key = @key AND (ends_at IS NULL OR ends_at > @now)
        """;

    private const string Insert = """
        INSERT INTO millrace_unique (queue, key, job, until, ends_at) VALUES (@queue, @key, @job, @until, @ends_at)
        ON CONFLICT (queue, key) DO UPDATE SET job = excluded.job, until = excluded.until, ends_at = excluded.ends_at
        """;

    private const string Delete = "DELETE FROM millrace_unique WHERE queue = @queue AND key = @key AND job = @job AND until <= @until";

    private const string DeleteElapsed = "DELETE FROM millrace_unique WHERE ends_at <= @now";

    /// <summary>The job that holds a key now; null when it is free.</summary>
    public static async ValueTask<string?> FindAsync(WriteSession session, string queue, string key) =>
        (string?)await session.Statement(Find).Set("@queue", queue).Set("@key", key).Set("@now", session.Now).ScalarAsync().ConfigureAwait(false);

    public static async ValueTask HoldAsync(WriteSession session, string queue, string job, string key, UniqueUntil until, TimeSpan period) =>
        await session.Statement(Insert)
            .Set("@queue", queue)
            .Set("@key", key)
            .Set("@job", job)
            .Set("@until", (long)until)
            .Set("@ends_at", until == UniqueUntil.Elapsed ? session.Now + SqlTime.RoundUp(period) : null)
            .RunAsync().ConfigureAwait(false);

    /// <summary>Gives back a key that a job holds until it has ended; also one that it holds until it starts, which it may have ended before.</summary>
    public static ValueTask ReleaseAsync(WriteSession session, JobRecord job) => job.UniqueKey is null ? default : DeleteAsync(session, job, UniqueUntil.Started, least: false);

    /// <summary>Gives back a key that a job holds until it starts.</summary>
    public static ValueTask ReleaseAtStartAsync(WriteSession session, JobRecord job) => job.UniqueKey is null ? default : DeleteAsync(session, job, UniqueUntil.Started, least: true);

    /// <summary>Forgets keys whose time is over.</summary>
    public static async ValueTask ForgetAsync(WriteSession session) =>
        await session.Statement(DeleteElapsed).Set("@now", session.Now).RunAsync().ConfigureAwait(false);

    private static async ValueTask DeleteAsync(WriteSession session, JobRecord job, UniqueUntil until, bool least) =>
        await session.Statement(least ? Delete + " AND until >= @until" : Delete)
            .Set("@queue", job.Queue)
            .Set("@key", job.UniqueKey)
            .Set("@job", job.Id)
            .Set("@until", (long)until)
            .RunAsync().ConfigureAwait(false);
}
