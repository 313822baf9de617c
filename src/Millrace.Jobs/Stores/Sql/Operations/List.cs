using System.Globalization;

namespace Millrace.Jobs.Stores.Sql.Operations;

/// <summary><see cref="JobStore.ListAsync"/>: down the jobs' sequence, the tag's index, or the index of the ended jobs of a state.</summary>
internal static class List
{
    public static async ValueTask<JobPage> RunAsync(SqlSession session, JobQuery query)
    {
        var before = long.MaxValue;
        if (query.Cursor is not null && !long.TryParse(query.Cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            throw new ArgumentException("The cursor is not one that this store gave.", nameof(query));
        }

        var statement = session.Statement(Sql(query)).Set("@before", before).Set("@limit", (long)query.PageSize + 1);
        foreach (var (name, value) in ((string, string?)[])[("@queue", query.Queue), ("@type", query.Type), ("@tag", query.Tag)])
        {
            if (value is not null)
            {
                statement.Set(name, value);
            }
        }

        var jobs = await statement.ListAsync(JobTable.Read).ConfigureAwait(false);
        var next = jobs.Count > query.PageSize ? jobs[query.PageSize - 1].Sequence.ToString(CultureInfo.InvariantCulture) : null;
        return new JobPage([.. jobs.Take(query.PageSize).Select(static job => job.Record)], next);
    }

    // The text depends only on which filters are set and on the state, so there are few of them.
    private static string Sql(JobQuery query)
    {
        var text = JobTable.SelectFull;
        text += query.Tag is null ? " WHERE j.sequence < @before" : " JOIN millrace_job_tag t ON t.job = j.sequence WHERE t.tag = @tag AND t.job < @before";
        if (query.State is { } state)
        {
            text += string.Create(CultureInfo.InvariantCulture, $" AND j.state = {(int)state}{(state >= JobState.Completed ? " AND j.state >= 3" : string.Empty)}");
        }

        text += query.Queue is null ? string.Empty : " AND j.queue = @queue";
        text += query.Type is null ? string.Empty : " AND j.type = @type";
        return text + (query.Tag is null ? " ORDER BY j.sequence DESC LIMIT @limit" : " ORDER BY t.job DESC LIMIT @limit");
    }
}
