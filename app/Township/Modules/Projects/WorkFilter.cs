namespace Township.Modules.Projects;

/// <summary>Which tasks of a project a list shows, newest first.</summary>
internal readonly record struct WorkFilter(string? Status, string? AssigneeId, Cursor After, int Size);
