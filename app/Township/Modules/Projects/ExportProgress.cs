namespace Township.Modules.Projects;

/// <summary>Pushed to <c>user:{id}</c> of the resident who asked for the export.</summary>
internal sealed record ExportProgress(string ExportId, string ProjectId, int Percent, string Status);
