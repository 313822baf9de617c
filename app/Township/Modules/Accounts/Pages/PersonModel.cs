using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Township.Modules.Accounts.Pages;

internal sealed class PersonModel(Profiles profiles) : PageModel
{
    public Profile Person { get; private set; } = new();

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        if (!NewId.IsWellFormed(id) || await profiles.FindAsync(id, cancellationToken) is not { Confirmed: true } profile)
        {
            return NotFound();
        }

        Person = profile;
        return Page();
    }
}
