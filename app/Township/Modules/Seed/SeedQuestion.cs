namespace Township.Modules.Seed;

/// <summary>A question residents are asked, with its options. `{place}` stands for a part of town.</summary>
internal sealed record SeedQuestion(string Title, string Details, params string[] Options);
