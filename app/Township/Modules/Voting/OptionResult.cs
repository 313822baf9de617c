namespace Township.Modules.Voting;

/// <summary>How one answer stands.</summary>
internal sealed record OptionResult(string Id, string Label, long Votes, double Percent);
