namespace Township.Modules.Voting;

/// <summary>One answer a resident can choose.</summary>
internal sealed record QuestionOption
{
    public string Id { get; init; } = "";

    public string Label { get; init; } = "";
}
