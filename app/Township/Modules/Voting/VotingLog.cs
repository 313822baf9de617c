namespace Township.Modules.Voting;

/// <summary>What the module logs. Event ids 10500–10599.</summary>
internal static partial class VotingLog
{
    [LoggerMessage(10500, LogLevel.Warning, "The results of question {QuestionId} were not pushed: watchers see the next change")]
    public static partial void PushFailed(ILogger logger, Exception exception, string questionId);

    [LoggerMessage(10501, LogLevel.Warning, "The closing of question {QuestionId} was not enqueued, because the queue is full: the schedule will close it")]
    public static partial void CloseNotEnqueued(ILogger logger, Exception exception, string questionId);
}
