namespace Township.Modules.Voting;

/// <summary>A question was asked, or has closed.</summary>
internal sealed record QuestionChanged(string QuestionId);
