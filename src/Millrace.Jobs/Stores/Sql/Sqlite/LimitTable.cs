namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>What keeps a queue's jobs from being started: as <see cref="Memory.QueueGuard"/> specifies.</summary>
internal static class LimitTable
{
    private const string Bucket = "SELECT bucket FROM millrace_limit WHERE queue = @queue";

    private const string Forget = "DELETE FROM millrace_start WHERE queue = @queue AND (at <= @before OR at > @now)";

    private const string Started = "SELECT COALESCE(SUM(number), 0) FROM millrace_start WHERE queue = @queue";

    private const string First = "SELECT at FROM millrace_start WHERE queue = @queue ORDER BY at LIMIT 1";

    private const string Start = """
        INSERT INTO millrace_start (queue, at, number) VALUES (@queue, @now, @number)
        ON CONFLICT (queue, at) DO UPDATE SET number = number + excluded.number
        """;

    private const string Write = """
        INSERT INTO millrace_limit (queue, full, blocked_until, bucket) VALUES (@queue, @full, @blocked_until, @bucket)
        ON CONFLICT (queue) DO UPDATE SET full = excluded.full, blocked_until = excluded.blocked_until, bucket = excluded.bucket
        """;

    private const string Clear = "DELETE FROM millrace_limit WHERE queue = @queue";

    private const string Leave = "UPDATE millrace_limit SET full = 0 WHERE queue = @queue AND full = 1";

    private const string Running = "SELECT running FROM millrace_queue WHERE name = @queue";

    /// <summary>How many jobs may be claimed.</summary>
    public static async ValueTask<int> AllowAsync(WriteSession session, QueueCapacity limits, int capacity)
    {
        if (limits.MaximumRunning is { } most)
        {
            capacity = (int)Math.Clamp(most - await RunningAsync(session, limits.Queue).ConfigureAwait(false), 0, capacity);
        }

        return limits.Rate is { } rate ? Math.Min(capacity, (await FreeAsync(session, limits.Queue, rate).ConfigureAwait(false)).Free) : capacity;
    }

    /// <summary>Takes note of a claim that started so many.</summary>
    public static async ValueTask StartedAsync(WriteSession session, QueueCapacity limits, int started)
    {
        var queue = limits.Queue;
        if (limits is { MaximumRunning: null, Rate: null })
        {
            await session.Statement(Clear).Set("@queue", queue).RunAsync().ConfigureAwait(false); // a limit that is no longer set holds nobody up
            return;
        }

        var full = limits.MaximumRunning is { } most && await RunningAsync(session, queue).ConfigureAwait(false) >= most;
        var (blocked, bucket) = limits.Rate is { } rate ? await BlockedAsync(session, queue, rate, started).ConfigureAwait(false) : (0, 0);
        await session.Statement(Write)
            .Set("@queue", queue)
            .Set("@full", full ? 1L : 0L)
            .Set("@blocked_until", blocked)
            .Set("@bucket", bucket)
            .RunAsync().ConfigureAwait(false);
    }

    /// <summary>Jobs of the queue run no longer: true when as many ran as may.</summary>
    public static async ValueTask<bool> LeaveAsync(WriteSession session, string queue) =>
        await session.Statement(Leave).Set("@queue", queue).RunAsync().ConfigureAwait(false) == 1;

    private static async ValueTask<(long Until, double Bucket)> BlockedAsync(WriteSession session, string queue, JobRate rate, int started)
    {
        var bucket = 0.0;
        if (rate.Kind == JobRateKind.TokenBucket)
        {
            bucket = TokenBucket.Take((await FreeAsync(session, queue, rate).ConfigureAwait(false)).Bucket, rate, started);
            return (TokenBucket.Tokens(bucket, rate, session.Now) > 0 ? 0 : (long)TokenBucket.Next(bucket, rate), bucket);
        }

        if (started > 0)
        {
            await session.Statement(Start).Set("@queue", queue).Set("@now", session.Now).Set("@number", (long)started).RunAsync().ConfigureAwait(false);
        }

        var free = (await FreeAsync(session, queue, rate).ConfigureAwait(false)).Free;
        var first = free > 0 ? null : await session.Statement(First).Set("@queue", queue).ScalarAsync().ConfigureAwait(false);
        return (first is long at ? at + SqlTime.RoundUp(rate.Period) : 0, bucket);
    }

    private static async ValueTask<(int Free, double Bucket)> FreeAsync(WriteSession session, string queue, JobRate rate)
    {
        if (rate.Kind == JobRateKind.TokenBucket)
        {
            var kept = await session.Statement(Bucket).Set("@queue", queue).ScalarAsync().ConfigureAwait(false) as double? ?? 0;
            var bucket = TokenBucket.Normalize(kept, rate, session.Now);
            return (TokenBucket.Tokens(bucket, rate, session.Now), bucket);
        }

        await session.Statement(Forget).Set("@queue", queue).Set("@before", session.Now - SqlTime.RoundUp(rate.Period)).Set("@now", session.Now).RunAsync().ConfigureAwait(false);
        var started = (long)(await session.Statement(Started).Set("@queue", queue).ScalarAsync().ConfigureAwait(false))!;
        return ((int)Math.Max(0, rate.Count - started), 0);
    }

    private static async ValueTask<long> RunningAsync(WriteSession session, string queue)
    {
        await session.FlushCountsAsync().ConfigureAwait(false);
        return await session.Statement(Running).Set("@queue", queue).ScalarAsync().ConfigureAwait(false) as long? ?? 0;
    }
}
