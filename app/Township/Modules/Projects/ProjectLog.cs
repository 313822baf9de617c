namespace Township.Modules.Projects;

/// <summary>What the module logs. Event ids 10400–10499.</summary>
internal static partial class ProjectLog
{
    [LoggerMessage(10400, LogLevel.Warning, "What follows a change of {Id} was not enqueued, because the queue is full: search, figures or news lag")]
    public static partial void RefreshNotEnqueued(ILogger logger, Exception exception, string id);
}
