using System.Collections.Concurrent;
using Millrace.Jobs;
using Township.Modules.Notifications;

namespace Township.Modules.Projects;

/// <summary>
/// Enqueues what follows a change. Many changes of one project in a row ask for its figures once: while a refresh waits, no
/// other is enqueued. A full queue costs freshness and news, not data, so it is
/// logged, not thrown: the write itself is done.
/// </summary>
internal sealed class RefreshQueue(JobClient jobs, ILogger<RefreshQueue> logger)
{
    private const int MaximumPending = 10_000; // beyond it every change enqueues

    private readonly ConcurrentDictionary<string, byte> _pending = new();

    public void Starting(string projectId) => _pending.TryRemove(projectId, out _);

    public async Task StatisticsAsync(string projectId)
    {
        if (_pending.Count < MaximumPending && !_pending.TryAdd(projectId, 0))
        {
            return;
        }

        try
        {
            await jobs.EnqueueAsync(new RefreshStatistics(projectId));
        }
        catch (JobQueueFullException exception)
        {
            Starting(projectId);
            ProjectLog.RefreshNotEnqueued(logger, exception, projectId);
        }
        catch
        {
            Starting(projectId);
            throw;
        }
    }

    /// <summary>Tells somebody that a task is now theirs.</summary>
    public async Task AssignedAsync(WorkItem task, Project project)
    {
        try
        {
            await jobs.EnqueueAsync(new Notify(
                [task.AssigneeId!], "task-assigned", $"A task for you: {task.Title}", $"In {project.Name}.", $"/tasks/{task.Id}"));
        }
        catch (JobQueueFullException exception)
        {
            ProjectLog.RefreshNotEnqueued(logger, exception, task.Id);
        }
    }

    /// <summary>Tells an organisation's members of a new project.</summary>
    public async Task AnnounceAsync(string projectId)
    {
        try
        {
            await jobs.EnqueueAsync(new AnnounceProject(projectId));
        }
        catch (JobQueueFullException exception)
        {
            ProjectLog.RefreshNotEnqueued(logger, exception, projectId);
        }
    }

    public async Task SearchAsync(string kind, string id)
    {
        try
        {
            await jobs.EnqueueAsync(new RefreshSearch(kind, id));
        }
        catch (JobQueueFullException exception)
        {
            ProjectLog.RefreshNotEnqueued(logger, exception, id);
        }
    }
}
