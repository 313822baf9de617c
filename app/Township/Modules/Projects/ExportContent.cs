namespace Township.Modules.Projects;

/// <summary>A project's tasks as CSV: made once an hour at most while nothing changes, however many ask.</summary>
internal sealed record ExportContent(string Csv, long Rows);
