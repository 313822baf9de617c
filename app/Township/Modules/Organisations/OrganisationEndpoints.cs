using System.Security.Claims;
using Township.Platform.Identity;

namespace Township.Modules.Organisations;

/// <summary><c>/api/organisations</c>.</summary>
internal static class OrganisationEndpoints
{
    public const int PageSize = 24;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/api/organisations").WithTags("Organisations");
        group.MapGet("/", ListAsync);
        group.MapPost("/", CreateAsync).RequireAuthorization(TownshipPolicies.Resident);
        group.MapGet("/{id}", FindAsync);
        group.MapPut("/{id}", UpdateAsync).RequireAuthorization(TownshipPolicies.Resident);
        group.MapGet("/{id}/members", MembersAsync).RequireAuthorization(TownshipPolicies.Resident);
        group.MapPost("/{id}/members", AddAsync).RequireAuthorization(TownshipPolicies.Resident);
        group.MapPut("/{id}/members/{memberId}", SetRoleAsync).RequireAuthorization(TownshipPolicies.Resident);
        group.MapDelete("/{id}/members/{memberId}", RemoveAsync).RequireAuthorization(TownshipPolicies.Resident);
    }

    private static async Task<IResult> ListAsync(
        OrganisationReads reads, string? category, string? after, CancellationToken cancellationToken) =>
        category is not null && !OrganisationCategories.Contains(category)
            ? TypedResults.ValidationProblem(FieldErrors.Of("Category", "Choose one of the categories.").ToDictionary())
            : TypedResults.Ok(await reads.ListAsync(
                new OrganisationFilter(category, null, Cursor.Parse(after), PageSize), cancellationToken));

    private static async Task<IResult> CreateAsync(
        OrganisationWrites writes, OrganisationInput input, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await writes.CreateAsync(input, user.RequiredUserId, cancellationToken))
        .ToApi(user, static organisation => TypedResults.Created($"/api/organisations/{organisation.Id}", organisation));

    private static async Task<IResult> FindAsync(OrganisationReads reads, string id, CancellationToken cancellationToken) =>
        await reads.FindAsync(id, cancellationToken) is { } organisation
            ? TypedResults.Ok(organisation)
            : TypedResults.StatusCode(StatusCodes.Status404NotFound);

    private static async Task<IResult> UpdateAsync(
        OrganisationWrites writes, string id, OrganisationInput input, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await writes.UpdateAsync(id, input, user.RequiredUserId, cancellationToken))
        .ToApi(user, static organisation => TypedResults.Ok(organisation));

    private static async Task<IResult> MembersAsync(OrganisationReads reads, string id, CancellationToken cancellationToken) =>
        await reads.FindAsync(id, cancellationToken) is null
            ? TypedResults.StatusCode(StatusCodes.Status404NotFound)
            : TypedResults.Ok(await reads.MembersAsync(id, cancellationToken));

    /// <summary>With an e-mail address a manager adds somebody; without one, who asks joins.</summary>
    private static async Task<IResult> AddAsync(
        OrganisationWrites writes, string id, NewMember input, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (input.Email is null
            ? await writes.JoinAsync(id, user.RequiredUserId, cancellationToken)
            : await writes.AddAsync(id, input.Email, user.RequiredUserId, cancellationToken))
        .ToApi(user, static organisation => TypedResults.Ok(organisation));

    private static async Task<IResult> SetRoleAsync(
        OrganisationWrites writes,
        string id,
        string memberId,
        NewRole input,
        ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        !Enum.TryParse<MemberRole>(input.Role, ignoreCase: true, out var role) || !Enum.IsDefined(role)
            ? TypedResults.ValidationProblem(FieldErrors.Of("Role", "Choose member or manager.").ToDictionary())
            : (await writes.SetRoleAsync(id, memberId, role, user.RequiredUserId, cancellationToken))
            .ToApi(user, static organisation => TypedResults.Ok(organisation));

    private static async Task<IResult> RemoveAsync(
        OrganisationWrites writes, string id, string memberId, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await writes.RemoveAsync(id, memberId, user.RequiredUserId, cancellationToken))
        .ToApi(user, static _ => TypedResults.NoContent());

    private sealed record NewMember(string? Email);

    private sealed record NewRole(string? Role);
}
