namespace Township.Modules.Seed;

/// <summary>One kind of community life: what its organisations, projects and tasks are called. `{place}` stands for a part of town.</summary>
internal sealed record SeedTopic(
    string Category, string[] Organisations, string Purpose, string[] Projects, string[] Tasks);
