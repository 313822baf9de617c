namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.DeleteAsync"/>.</summary>
internal static class Delete
{
    private const string Find = "SELECT id, sequence, queue, state, attempt FROM millrace_job WHERE id = @id";

    public static async ValueTask<IReadOnlyList<string>> RunAsync(WriteSession session, IReadOnlyList<string> ids)
    {
        var deleted = new List<string>();
        foreach (var id in ids)
        {
            var job = await session.Statement(Find).Set("@id", id).FirstAsync(static row => new FoundJob(
                row.Number(1), row.Text(2, JobLimits.MaximumNameLength), row.State(3), row.Integer(4, 0, int.MaxValue))).ConfigureAwait(false);
            if (job is not null && job.State != JobState.Running)
            {
                await JobTable.RemoveAsync(session, job.Sequence, job.Queue, job.State, job.Attempt).ConfigureAwait(false);
                deleted.Add(id);
            }
        }

        return deleted;
    }

    private sealed record FoundJob(long Sequence, string Queue, JobState State, int Attempt);
}
