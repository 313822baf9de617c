namespace Township.Modules.Voting;

/// <summary>What the module logs. Event ids 10500–10599.</summary>
internal static partial class VotingLog
{
    [LoggerMessage(10500, LogLevel.Warning, "The results of question {QuestionId} were not pushed: watchers see the next change")]
    public static partial void PushFailed(ILogger logger, Exception exception, string questionId);
}
