using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.OutputCaching;
using Township.Platform.Identity;

namespace Township.Modules.Organisations.Pages;

[OutputCache(Duration = 60, VaryByQueryKeys = ["category", "mine", "after"], Tags = [OrganisationCache.AllTag])]
internal sealed class OrganisationsModel(OrganisationReads reads) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Category { get; set; }

    [BindProperty(SupportsGet = true)]
    public bool Mine { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    public PageOf<Organisation> List { get; private set; } = new([], null);

    public IReadOnlyList<Membership> Memberships { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (Mine && !User.IsSignedIn)
        {
            return Challenge();
        }

        Category = OrganisationCategories.Contains(Category) ? Category : null;
        Memberships = await reads.MembershipsAsync(User.UserId, cancellationToken);
        List = await reads.ListAsync(
            new OrganisationFilter(
                Category, Mine ? User.UserId : null, Cursor.Parse(After), OrganisationEndpoints.PageSize),
            cancellationToken);
        return Page();
    }
}
