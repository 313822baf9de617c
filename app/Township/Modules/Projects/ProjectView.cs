using Township.Modules.Organisations;

namespace Township.Modules.Projects;

/// <summary>A project and what the resident who looks at it may do there.</summary>
/// <param name="Project">The project.</param>
/// <param name="Role">What the resident is in its organisation; null: does not belong to it.</param>
/// <param name="UserId">Who looks; null: a guest.</param>
internal sealed record ProjectView(Project Project, MemberRole? Role, string? UserId)
{
    /// <summary>May create and edit tasks.</summary>
    public bool CanWork => Role is not null;

    /// <summary>May edit the project itself: managers, and the member who created it.</summary>
    public bool CanEdit => Role == MemberRole.Manager || (Role is not null && Project.CreatedBy == UserId);
}
