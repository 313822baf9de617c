using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Web;

namespace Township.Modules.Home.Pages;

[ResponseCache(NoStore = true)]
[IgnoreAntiforgeryToken]
internal sealed class ErrorModel : PageModel
{
    public int Status { get; private set; }

    public string Heading { get; private set; } = "";

    public string Explanation { get; private set; } = "";

    public string Reference { get; private set; } = "";

    public void OnGet()
    {
        // From the path and not bound: a form that cannot be read would bind nothing, and one with a field of this name that.
        var status = int.Parse((string)RouteData.Values["status"]!, CultureInfo.InvariantCulture);
        Status = status;
        Response.StatusCode = status;
        Reference = TownshipErrors.Reference(HttpContext);
        (Heading, Explanation) = status switch
        {
            400 => ("That did not work", "The form may be too old. Go back, reload the page and try again."),
            401 => ("Please sign in", "This page is for signed-in residents."),
            403 => ("This is not yours to open", "You are signed in, but this page needs permissions you do not have."),
            404 => ("Nothing at this address", "The page may have moved, or the link has a typing error."),
            429 => ("A little too fast", "Too many attempts from your address. Wait a minute, then try again."),
            >= 500 => ("Something broke on our side", "It has been logged. Try again in a moment."),
            _ => ("That did not work", TownshipErrors.Detail(status)),
        };
    }
}
