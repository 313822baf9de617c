using System.Security.Claims;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Township.Platform.Identity;

namespace Township.Platform.Forms;

/// <summary>What became of something a resident asked for.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Value">What was read or written; null unless done or unchanged.</param>
/// <param name="Errors">What is wrong with the input; null unless invalid.</param>
internal sealed record Outcome<T>(OutcomeStatus Status, T? Value, FieldErrors? Errors)
    where T : class
{
    public static readonly Outcome<T> NotFound = new(OutcomeStatus.NotFound, null, null);
    public static readonly Outcome<T> Forbidden = new(OutcomeStatus.Forbidden, null, null);

    public bool Succeeded => Status is OutcomeStatus.Done or OutcomeStatus.Unchanged;

    public static Outcome<T> Done(T value) => new(OutcomeStatus.Done, value, null);

    public static Outcome<T> Unchanged(T value) => new(OutcomeStatus.Unchanged, value, null);

    public static Outcome<T> Invalid(FieldErrors errors) => new(OutcomeStatus.Invalid, null, errors);

    public static Outcome<T> Invalid(string field, string message) => Invalid(FieldErrors.Of(field, message));

    /// <summary>The same failure of another kind of value.</summary>
    public Outcome<TOther> As<TOther>()
        where TOther : class => new(Status, null, Errors);

    /// <summary>An API's answer: 404, 401 for guests and 403 for others, 400 with messages by field, or what <paramref name="success"/> makes.</summary>
    public IResult ToApi(ClaimsPrincipal user, Func<T, IResult> success) => Status switch
    {
        OutcomeStatus.NotFound => TypedResults.StatusCode(StatusCodes.Status404NotFound),
        OutcomeStatus.Forbidden => TypedResults.StatusCode(
            user.IsSignedIn ? StatusCodes.Status403Forbidden : StatusCodes.Status401Unauthorized),
        OutcomeStatus.Invalid => TypedResults.ValidationProblem(Errors!.ToDictionary()),
        _ => success(Value!),
    };

    /// <summary>
    /// A page's answer where it failed: 404, sign-in for guests, 403 for others; null where it succeeded, or where the input is
    /// invalid, whose messages are then in the model state under <paramref name="prefix"/>.
    /// </summary>
    public IActionResult? Refusal(PageModel page, string prefix = "Input")
    {
        switch (Status)
        {
            case OutcomeStatus.NotFound:
                return page.NotFound();
            case OutcomeStatus.Forbidden:
                return page.User.IsSignedIn ? page.StatusCode(StatusCodes.Status403Forbidden) : page.Challenge();
            case OutcomeStatus.Invalid:
                Errors!.CopyTo(page.ModelState, prefix);
                return null;
            default:
                return null;
        }
    }
}
