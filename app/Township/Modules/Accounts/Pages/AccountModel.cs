using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
[ResponseCache(NoStore = true)]
internal sealed class AccountModel(Profiles profiles) : PageModel
{
    [BindProperty]
    public Form Input { get; set; } = new();

    public Profile Profile { get; private set; } = new();

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (await profiles.FindAsync(User.RequiredUserId, cancellationToken) is not { } profile)
        {
            return NotFound();
        }

        Profile = profile;
        Input = new Form { Name = profile.Name, Bio = profile.Bio };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (await profiles.FindAsync(User.RequiredUserId, cancellationToken) is not { } profile)
        {
            return NotFound();
        }

        Profile = profile;
        if (!ModelState.IsValid)
        {
            return Page();
        }

        await profiles.SetProfileAsync(profile.Id, Input.Name, Input.Bio ?? "", cancellationToken);
        TempData[Flash.Key] = "Your profile is saved.";
        return LocalRedirect("/account");
    }

    internal sealed class Form
    {
        [Required(ErrorMessage = "Enter the name that others should see.")]
        [StringLength(80, MinimumLength = 2, ErrorMessage = "A name has 2 to 80 characters.")]
        [RegularExpression(TextRules.OneLine, ErrorMessage = "A name is one line of text.")]
        public string Name { get; set; } = "";

        [StringLength(1000, ErrorMessage = "A biography has at most 1,000 characters.")]
        [RegularExpression(TextRules.Lines, ErrorMessage = "A biography is plain text.")]
        public string? Bio { get; set; }
    }
}
