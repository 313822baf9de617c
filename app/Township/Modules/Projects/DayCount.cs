namespace Township.Modules.Projects;

/// <summary>One day of a project: tasks created and done on it, and open at its end.</summary>
internal sealed record DayCount(string Day, long Created, long Done, long Open);
