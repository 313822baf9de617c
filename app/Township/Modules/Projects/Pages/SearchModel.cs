using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;

namespace Township.Modules.Projects.Pages;

internal sealed class SearchModel(ProjectReads reads) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Q { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    public SearchQuery Query { get; private set; } = new("", []);

    public PageOf<SearchHit> Hits { get; private set; } = new([], null);

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Query = SearchQuery.Parse(Q);
        Hits = await reads.SearchAsync(Query, User.UserId, Cursor.Parse(After), cancellationToken);
    }
}
