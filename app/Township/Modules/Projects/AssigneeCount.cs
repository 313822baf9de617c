namespace Township.Modules.Projects;

/// <summary>What one member has to do and has done. A null id stands for tasks that nobody has taken.</summary>
internal sealed record AssigneeCount(string? UserId, string Name, long Open, long Done);
