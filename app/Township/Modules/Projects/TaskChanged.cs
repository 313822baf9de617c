namespace Township.Modules.Projects;

/// <summary>A task was created or edited.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="ProjectId">Its project.</param>
/// <param name="OrganisationId">The project's organisation.</param>
/// <param name="Parts">What changed.</param>
/// <param name="Residents">Who had it or has it now: their own lists change.</param>
internal sealed record TaskChanged(
    string TaskId, string ProjectId, string OrganisationId, WorkParts Parts, IReadOnlyList<string> Residents);
