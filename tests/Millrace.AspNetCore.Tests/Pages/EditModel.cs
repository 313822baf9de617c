using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Millrace.AspNetCore.Tests.Pages;

/// <summary>A page that names what it makes stale: for every handler on the model, for one handler on the method.</summary>
[IgnoreAntiforgeryToken]
[Invalidates(Tags = ["page:{id}"])]
public sealed class EditModel : PageModel
{
    public IActionResult OnPost() => Redirect("/");

    [Invalidates(Tags = ["handler:{id}"])]
    public IActionResult OnPostRename() => Redirect("/");

    public IActionResult OnPostFail() => throw new InvalidOperationException("on purpose");
}
