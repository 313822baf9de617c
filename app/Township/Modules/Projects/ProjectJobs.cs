using Millrace.Jobs;
using Township.Modules.Notifications;

namespace Township.Modules.Projects;

/// <summary>The module's jobs and the queues they wait in.</summary>
internal static class ProjectJobs
{
    public static void AddProjectsJobs(this IServiceCollection services) =>
        services.AddMillraceJobs()
            .AddQueue(ExportProject.Queue, concurrency: 2)
            .AddHandler<ExportProject, ExportProjectHandler>(ExportProject.JobName, job =>
            {
                job.Queue = ExportProject.Queue;
                job.MaxAttempts = 3;
            })
            .AddHandler<RefreshSearch, RefreshSearchHandler>(RefreshSearch.JobName)
            .AddHandler<RefreshStatistics, RefreshStatisticsHandler>(RefreshStatistics.JobName, job => job.Priority = 5)
            .AddHandler<AnnounceProject, AnnounceProjectHandler>(
                AnnounceProject.JobName, job => job.Queue = NotificationsJobs.NotificationQueue);
}
