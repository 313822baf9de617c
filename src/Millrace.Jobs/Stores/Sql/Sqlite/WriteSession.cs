using System.Data.Common;

namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>The session that writes: besides statements it keeps what the operation under way owes to the queues' counts and to those who wait.</summary>
internal sealed class WriteSession(DbConnection connection, TimeProvider clock, DbTransaction? transaction = null) : SqlSession(connection, transaction)
{
    private const string UpdateCounts = """
        UPDATE millrace_queue
        SET scheduled = scheduled + @scheduled, retrying = retrying + @retrying, waiting = waiting + @waiting, blocked = blocked + @blocked, running = running + @running,
            completed = completed + @completed, dead = dead + @dead, cancelled = cancelled + @cancelled
        WHERE name = @name
        """;

    private const string InsertCounts = """
        INSERT INTO millrace_queue (name, paused, scheduled, retrying, waiting, blocked, running, completed, dead, cancelled)
        VALUES (@name, 0, @scheduled, @retrying, @waiting, @blocked, @running, @completed, @dead, @cancelled)
        """;

    private const string AnyLog = "SELECT 1 FROM millrace_log LIMIT 1";

    private const string AnyLink = "SELECT 1 FROM millrace_wait LIMIT 1";

    private const string AnyGroup = "SELECT 1 FROM millrace_group LIMIT 1";

    private const string TakeTokens = "UPDATE millrace_token SET last = last + @number RETURNING last";

    private readonly Dictionary<string, QueueCounts> _counts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _woken = new(StringComparer.Ordinal);
    private bool? _hasLinks;
    private bool? _hasLogs;
    private bool? _hasGroups;

    /// <summary>The store's clock, cut to the millisecond, read when the operation began.</summary>
    public long Now { get; private set; }

    /// <summary>Queues in which the operation made work for those who wait.</summary>
    public IReadOnlyCollection<string> Woken => _woken;

    /// <summary>Ends of jobs that those that wait for them have yet to be told.</summary>
    public Queue<LinkEnd> Ends { get; } = [];

    /// <summary>Begins an operation; what an earlier one left is forgotten.</summary>
    public void Begin()
    {
        Now = SqlTime.Cut(clock.GetUtcNow());
        _counts.Clear();
        _woken.Clear();
        Ends.Clear();
        (_hasLinks, _hasLogs, _hasGroups) = (null, null, null);
    }

    /// <summary>Whether any job has logged a line; looked up once per operation.</summary>
    public async ValueTask<bool> HasLogsAsync() => _hasLogs ??= await Statement(AnyLog).ScalarAsync().ConfigureAwait(false) is not null;

    /// <summary>Whether any job waits for another, or has done; looked up once per operation.</summary>
    public async ValueTask<bool> HasLinksAsync() => _hasLinks ??= await Statement(AnyLink).ScalarAsync().ConfigureAwait(false) is not null;

    /// <summary>Whether any group has waiting jobs, or had before this operation; looked up once per operation.</summary>
    public async ValueTask<bool> HasGroupsAsync() => _hasGroups ??= await Statement(AnyGroup).ScalarAsync().ConfigureAwait(false) is not null;

    /// <summary>From now on a group has waiting jobs.</summary>
    public void Grouped() => _hasGroups = true;

    /// <summary>From now on a job waits for another.</summary>
    public void Linked() => _hasLinks = true;

    /// <summary>Notes that a job came into a state (or with -1: left it).</summary>
    public void Count(string queue, JobState state, int attempt, long number)
    {
        if (!_counts.TryGetValue(queue, out var counts))
        {
            _counts[queue] = counts = new QueueCounts();
        }

        counts.Add(state, attempt, number);
    }

    /// <summary>Wakes those who wait for the queue once the operation is committed.</summary>
    public void Wake(string queue) => _woken.Add(queue);

    /// <summary>Writes the noted changes of counts. Every operation ends with it; one that reads counts calls it before.</summary>
    public async ValueTask FlushCountsAsync()
    {
        foreach (var (queue, counts) in _counts)
        {
            if (counts[JobState.Running] < 0 && await LimitTable.LeaveAsync(this, queue).ConfigureAwait(false))
            {
                Wake(queue);
            }

            if (!counts.IsZero && await WriteCountsAsync(UpdateCounts, queue, counts).ConfigureAwait(false) == 0)
            {
                await WriteCountsAsync(InsertCounts, queue, counts).ConfigureAwait(false);
            }
        }

        _counts.Clear();
    }

    /// <summary>Takes fencing tokens; the last of them is returned.</summary>
    public async ValueTask<long> TakeTokensAsync(int number) =>
        (long)(await Statement(TakeTokens).Set("@number", (long)number).ScalarAsync().ConfigureAwait(false))!;

    private ValueTask<int> WriteCountsAsync(string sql, string queue, QueueCounts counts) => Statement(sql)
        .Set("@name", queue)
        .Set("@scheduled", counts[JobState.Scheduled])
        .Set("@retrying", counts.Retrying)
        .Set("@waiting", counts[JobState.Waiting])
        .Set("@blocked", counts[JobState.Blocked])
        .Set("@running", counts[JobState.Running])
        .Set("@completed", counts[JobState.Completed])
        .Set("@dead", counts[JobState.Dead])
        .Set("@cancelled", counts[JobState.Cancelled])
        .RunAsync();
}
