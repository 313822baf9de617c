using System.Data.Common;
using Millrace.Jobs.Stores.Sql.Postgres.Operations;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Jobs that wait for others, and what jobs have logged.</summary>
internal sealed partial class PostgresJobStore
{
    /// <inheritdoc />
    public override async ValueTask<EnqueueOutcome> EnqueueFlowAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default)
    {
        var outcome = await RunAsync((session, token) => EnqueueFlow.RunAsync(session, Now, jobs, maximumQueueLength, token), cancellationToken).ConfigureAwait(false);
        if (outcome.FullQueue is null)
        {
            await TryTellAsync().ConfigureAwait(false);
            BackInLine(jobs.Select(static job => job.Queue).ToHashSet(StringComparer.Ordinal));
        }

        return outcome;
    }

    /// <inheritdoc />
    public override ValueTask<JobLinks?> GetLinksAsync(string id, CancellationToken cancellationToken = default) =>
        RunAsync((session, token) => GetLinks.RunAsync(session, id, token), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<bool> AppendLogAsync(JobRun run, string text, CancellationToken cancellationToken = default) =>
        RunAsync((session, token) => AppendLog.RunAsync(session, Now, run, text, token), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<JobLogLine>> GetLogAsync(string id, CancellationToken cancellationToken = default) =>
        RunAsync((session, token) => GetLog.RunAsync(session, id, token), cancellationToken);

    /// <summary>Tells jobs that wait what was just written down. When that fails, the next sweep does it: the operation that caused it is done.</summary>
    private async ValueTask TryTellAsync()
    {
        try
        {
            await TellAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is DbException or ObjectDisposedException or InvalidOperationException or TimeoutException)
        {
            // The ends stay where they are.
        }
    }

    private async ValueTask TellAsync(CancellationToken cancellationToken)
    {
        var queues = await RunAsync((session, token) => Tell.RunAsync(session, Now, token), cancellationToken).ConfigureAwait(false);
        BackInLine([.. queues]);
    }
}
