using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Modules.Notifications.InApp;
using Township.Platform.Identity;

namespace Township.Modules.Notifications.Pages;

[Authorize(Policy = TownshipPolicies.Resident)]
[ResponseCache(NoStore = true)]
internal sealed class NotificationsPageModel(Inbox inbox) : PageModel
{
    private const int PageSize = 20;

    public IReadOnlyList<Notification> Items { get; private set; } = [];

    public bool HasMore { get; private set; }

    public long Unread { get; private set; }

    public async Task<IActionResult> OnGetAsync(string? before, CancellationToken cancellationToken)
    {
        if (before is not null && !NewId.IsWellFormed(before))
        {
            return NotFound();
        }

        var found = await inbox.ListAsync(User.RequiredUserId, before, PageSize + 1, cancellationToken);
        HasMore = found.Count > PageSize;
        Items = [.. found.Take(PageSize)];
        Unread = await inbox.CountUnreadAsync(User.RequiredUserId, cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPostReadAsync(CancellationToken cancellationToken)
    {
        await inbox.ReadAsync(User.RequiredUserId, null, cancellationToken);
        return LocalRedirect("/notifications");
    }
}
