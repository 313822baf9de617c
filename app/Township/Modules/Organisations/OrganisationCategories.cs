namespace Township.Modules.Organisations;

/// <summary>What an organisation or a project can be about.</summary>
internal static class OrganisationCategories
{
    public static readonly string[] All =
    [
        "Parks and nature", "Arts and culture", "Sport", "Neighbours", "Learning", "Food and growing", "Streets and safety",
        "Heritage",
    ];

    public static bool Contains(string? category) => category is not null && All.Contains(category);
}
