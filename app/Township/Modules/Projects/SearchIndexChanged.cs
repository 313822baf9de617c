namespace Township.Modules.Projects;

/// <summary>The search index has caught up with a change: what was found before may have changed.</summary>
internal sealed record SearchIndexChanged;
