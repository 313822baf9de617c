namespace Township.Modules.Projects;

/// <summary>What the module logs. Event ids 10400–10499.</summary>
internal static partial class ProjectLog
{
    [LoggerMessage(10400, LogLevel.Warning, "The refresh for {Id} was not enqueued: search or figures lag until the next change")]
    public static partial void RefreshNotEnqueued(ILogger logger, Exception exception, string id);
}
