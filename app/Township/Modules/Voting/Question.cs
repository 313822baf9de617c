namespace Township.Modules.Voting;

/// <summary>A question as its page shows it, without its counts.</summary>
internal sealed record Question
{
    public string Id { get; init; } = "";

    /// <summary>Only its members vote; null: the whole town does.</summary>
    public string? OrganisationId { get; init; }

    public string? OrganisationName { get; init; }

    public string Title { get; init; } = "";

    public string Details { get; init; } = "";

    public long OpensAt { get; init; }

    public long ClosesAt { get; init; }

    public long? ClosedAt { get; init; }

    public string CreatedBy { get; init; } = "";

    public string CreatedByName { get; init; } = "";

    public IReadOnlyList<QuestionOption> Options { get; init; } = [];

    public bool IsOpenAt(DateTimeOffset now)
    {
        var milliseconds = now.ToUnixTimeMilliseconds();
        return ClosedAt is null && OpensAt <= milliseconds && milliseconds < ClosesAt;
    }

    public bool IsBefore(DateTimeOffset now) => now.ToUnixTimeMilliseconds() < OpensAt;
}
