using Millrace.Jobs;
using Millrace.Realtime;

namespace Township.Modules.Projects;

/// <summary>
/// The write has invalidated the figures; this reads them through the cache, so they are computed once, here or by the first
/// reader, whoever comes first.
/// </summary>
internal sealed class RefreshStatisticsHandler(ProjectReads reads, ChannelClient channels, RefreshQueue pending)
    : IJobHandler<RefreshStatistics>
{
    public async Task HandleAsync(RefreshStatistics job, JobContext context, CancellationToken cancellationToken)
    {
        pending.Starting(job.ProjectId); // a change from now on asks for another run
        var statistics = await reads.StatisticsAsync(job.ProjectId, cancellationToken);
        await channels.PublishAsync(
            ChannelNames.Project(job.ProjectId),
            new StatisticsUpdated(job.ProjectId, statistics.ToDo, statistics.Doing, statistics.Done),
            cancellationToken);
    }
}
