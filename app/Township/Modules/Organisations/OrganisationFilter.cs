namespace Township.Modules.Organisations;

/// <summary>Which organisations a list shows.</summary>
/// <param name="Category">Null: every category.</param>
/// <param name="MemberId">Only those this resident belongs to; null: all.</param>
/// <param name="After">The last row of the page before; default: the first page.</param>
/// <param name="Size">Rows on a page.</param>
internal readonly record struct OrganisationFilter(string? Category, string? MemberId, Cursor After, int Size);
