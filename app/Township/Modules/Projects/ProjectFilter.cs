namespace Township.Modules.Projects;

/// <summary>Which projects a list shows, newest first.</summary>
/// <param name="OrganisationId">Null: of every organisation.</param>
/// <param name="MemberId">Only of organisations this resident belongs to, private ones too; null: public ones of all.</param>
/// <param name="WithPrivate">With <paramref name="OrganisationId"/>: private ones too, for its members.</param>
/// <param name="Status">Null: any.</param>
/// <param name="Category">Null: any.</param>
/// <param name="After">The last row of the page before.</param>
/// <param name="Size">Rows on a page.</param>
internal readonly record struct ProjectFilter(
    string? OrganisationId, string? MemberId, bool WithPrivate, string? Status, string? Category, Cursor After, int Size);
