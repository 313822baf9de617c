namespace Township.Modules.Voting;

/// <summary>A job: ends a question at its time.</summary>
internal sealed record CloseQuestion(string QuestionId)
{
    public const string JobName = "question.close";
}
