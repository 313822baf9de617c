namespace Township.Modules.Organisations;

/// <summary>One organisation a resident belongs to.</summary>
internal sealed record Membership
{
    public string OrganisationId { get; init; } = "";

    public string OrganisationName { get; init; } = "";

    public MemberRole Role { get; init; }
}
