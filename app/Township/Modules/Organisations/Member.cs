namespace Township.Modules.Organisations;

/// <summary>A resident in an organisation.</summary>
internal sealed record Member
{
    public string UserId { get; init; } = "";

    public string Name { get; init; } = "";

    public MemberRole Role { get; init; }

    public long JoinedAt { get; init; }
}
