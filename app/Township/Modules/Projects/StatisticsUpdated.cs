namespace Township.Modules.Projects;

/// <summary>Pushed to <c>project:{id}</c> when a job has computed the figures anew.</summary>
internal sealed record StatisticsUpdated(string ProjectId, long ToDo, long Doing, long Done);
