using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.Rendering;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
[ResponseCache(NoStore = true)]
internal sealed class PreferencesModel(Profiles profiles) : PageModel
{
    [BindProperty]
    public Form Input { get; set; } = new();

    public static IReadOnlyList<SelectListItem> Formats { get; } =
    [
        new("English (United Kingdom)", "en-GB"),
        new("English (United States)", "en-US"),
        new("Deutsch", "de-DE"),
        new("Español", "es-ES"),
        new("Français", "fr-FR"),
        new("Nederlands", "nl-NL"),
        new("Polski", "pl-PL"),
    ];

    public static IReadOnlyList<SelectListItem> Zones { get; } =
    [
        new("UTC", "UTC"),
        .. TimeZoneInfo.GetSystemTimeZones()
            .Where(zone => zone.HasIanaId && zone.Id.Contains('/') && !zone.Id.StartsWith("Etc/", StringComparison.Ordinal))
            .Select(zone => zone.Id)
            .Order(StringComparer.Ordinal)
            .Select(id => new SelectListItem(id.Replace('_', ' '), id)),
    ];

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (await profiles.FindAsync(User.RequiredUserId, cancellationToken) is not { } profile)
        {
            return NotFound();
        }

        Input = new Form
        {
            Language = profile.Language,
            TimeZone = profile.TimeZone,
            NotifyInApp = profile.NotifyInApp,
            NotifyByEmail = profile.NotifyByEmail,
            DailyDigest = profile.DailyDigest,
        };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (Formats.All(format => format.Value != Input.Language))
        {
            ModelState.AddModelError("Input.Language", "Choose one of the formats in the list.");
        }

        if (Zones.All(zone => zone.Value != Input.TimeZone))
        {
            ModelState.AddModelError("Input.TimeZone", "Choose one of the time zones in the list.");
        }

        if (await profiles.FindAsync(User.RequiredUserId, cancellationToken) is not { } profile)
        {
            return NotFound();
        }

        if (!ModelState.IsValid)
        {
            return Page();
        }

        await profiles.SetPreferencesAsync(
            profile with
            {
                Language = Input.Language,
                TimeZone = Input.TimeZone,
                NotifyInApp = Input.NotifyInApp,
                NotifyByEmail = Input.NotifyByEmail,
                DailyDigest = Input.DailyDigest,
            },
            cancellationToken);
        TempData[Flash.Key] = "Your preferences are saved.";
        return LocalRedirect("/account/preferences");
    }

    internal sealed class Form
    {
        public string Language { get; set; } = "en-GB";

        public string TimeZone { get; set; } = "UTC";

        public bool NotifyInApp { get; set; }

        public bool NotifyByEmail { get; set; }

        public bool DailyDigest { get; set; }
    }
}
