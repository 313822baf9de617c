namespace Township.Modules.Voting;

/// <summary>
/// A scheduled job: ends what is due and still open. Every question has a job of its own; this finds those whose job was lost,
/// and the seeded ones, which have none.
/// </summary>
internal sealed record CloseDueQuestions
{
    public const string JobName = "question.close-due";
}
