using System.Security.Claims;
using Township.Platform.Identity;

namespace Township.Modules.Voting;

/// <summary><c>/api/questions</c>.</summary>
internal static class VotingEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/api/questions").WithTags("Questions");
        group.MapGet("/", ListAsync);
        group.MapPost("/", AskAsync).RequireAuthorization(TownshipPolicies.Resident);
        group.MapGet("/{id}", FindAsync);
        group.MapGet("/{id}/results", ResultsAsync);
        group.MapPut("/{id}/vote", VoteAsync).RequireAuthorization(TownshipPolicies.Resident);
    }

    private static async Task<IResult> ListAsync(
        VotingReads reads, string? set, string? organisation, string? after, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (!Enum.TryParse<QuestionSet>(set ?? nameof(QuestionSet.Open), ignoreCase: true, out var which) || !Enum.IsDefined(which))
        {
            errors.Add("Set", "Choose open, closed or trending.");
        }

        if (organisation is not null && !NewId.IsWellFormed(organisation))
        {
            errors.Add("Organisation", "This is not an organisation's id.");
        }

        return errors.Any
            ? TypedResults.ValidationProblem(errors.ToDictionary())
            : TypedResults.Ok(await reads.ListAsync(
                which, organisation, Cursor.Parse(after), VotingReads.PageSize, cancellationToken));
    }

    private static async Task<IResult> AskAsync(
        VotingWrites writes, QuestionInput input, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await writes.AskAsync(input, user.RequiredUserId, cancellationToken))
        .ToApi(user, static question => TypedResults.Created($"/api/questions/{question.Id}", question));

    private static async Task<IResult> FindAsync(VotingReads reads, string id, CancellationToken cancellationToken) =>
        await reads.FindAsync(id, cancellationToken) is { } question
            ? TypedResults.Ok(question)
            : TypedResults.StatusCode(StatusCodes.Status404NotFound);

    private static async Task<IResult> ResultsAsync(VotingReads reads, string id, CancellationToken cancellationToken) =>
        await reads.FindAsync(id, cancellationToken) is { } question
            ? TypedResults.Ok(await reads.ResultsAsync(question, cancellationToken))
            : TypedResults.StatusCode(StatusCodes.Status404NotFound);

    private static async Task<IResult> VoteAsync(
        VotingWrites writes, VotingReads reads, string id, NewVote vote, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var outcome = await writes.VoteAsync(id, vote.OptionId, user.RequiredUserId, cancellationToken);
        return outcome.Succeeded
            ? TypedResults.Ok(await reads.ResultsAsync(outcome.Value!, cancellationToken))
            : outcome.ToApi(user, static _ => TypedResults.Ok());
    }

    private sealed record NewVote(string? OptionId);
}
