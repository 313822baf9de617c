namespace Township.Modules.Voting;

/// <summary>Somebody voted, or changed a vote.</summary>
internal sealed record VoteCast(string QuestionId, string UserId);
