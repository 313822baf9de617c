using System.Security.Claims;
using Township.Modules.Organisations;
using Township.Platform.Identity;

namespace Township.Modules.Projects;

/// <summary><c>/api/projects</c>, <c>/api/tasks</c> and <c>/api/search</c>.</summary>
internal static class ProjectEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var projects = endpoints.MapGroup("/api/projects").WithTags("Projects");
        projects.MapGet("/", ListAsync);
        projects.MapPost("/", CreateAsync).RequireAuthorization(TownshipPolicies.Resident);
        projects.MapGet("/{id}", FindAsync);
        projects.MapPut("/{id}", UpdateAsync).RequireAuthorization(TownshipPolicies.Resident);
        projects.MapGet("/{id}/dashboard", DashboardAsync);
        projects.MapGet("/{id}/statistics", StatisticsAsync);
        projects.MapGet("/{id}/tasks", TasksAsync);
        projects.MapPost("/{id}/tasks", CreateTaskAsync).RequireAuthorization(TownshipPolicies.Resident);
        projects.MapPost("/{id}/exports", RequestExportAsync).RequireAuthorization(TownshipPolicies.Resident);
        projects.MapGet("/exports/{exportId}", FindExportAsync).RequireAuthorization(TownshipPolicies.Resident);
        projects.MapGet("/exports/{exportId}/file", FileAsync).RequireAuthorization(TownshipPolicies.Resident);

        var tasks = endpoints.MapGroup("/api/tasks").WithTags("Tasks");
        tasks.MapGet("/{id}", FindTaskAsync);
        tasks.MapPatch("/{id}", UpdateTaskAsync).RequireAuthorization(TownshipPolicies.Resident);

        endpoints.MapGet("/api/search", SearchAsync).WithTags("Search");
    }

    private static async Task<IResult> ListAsync(
        ProjectReads reads,
        OrganisationReads organisations,
        ClaimsPrincipal user,
        string? organisation,
        string? status,
        string? category,
        string? after,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (status is not null && !ProjectStatus.All.Contains(status))
        {
            errors.Add("Status", "Choose active, paused or completed.");
        }

        if (category is not null && !OrganisationCategories.Contains(category))
        {
            errors.Add("Category", "Choose one of the categories.");
        }

        if (organisation is not null && !NewId.IsWellFormed(organisation))
        {
            errors.Add("Organisation", "This is not an organisation's id.");
        }

        if (errors.Any)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary());
        }

        var member = organisation is not null
            && await organisations.RoleAsync(organisation, user.UserId, cancellationToken) is not null;
        var filter = new ProjectFilter(
            organisation, null, member, status, category, Cursor.Parse(after), ProjectReads.PageSize);
        return TypedResults.Ok(await reads.ListAsync(filter, cancellationToken));
    }

    private static async Task<IResult> CreateAsync(
        ProjectWrites writes, ProjectInput input, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await writes.CreateAsync(input, user.RequiredUserId, cancellationToken))
        .ToApi(user, static project => TypedResults.Created($"/api/projects/{project.Id}", project));

    private static async Task<IResult> FindAsync(
        ProjectReads reads, string id, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await reads.ViewAsync(id, user.UserId, cancellationToken))
        .ToApi(user, static view => TypedResults.Ok(view.Project));

    private static async Task<IResult> UpdateAsync(
        ProjectWrites writes, string id, ProjectInput input, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await writes.UpdateAsync(id, input, user.RequiredUserId, cancellationToken))
        .ToApi(user, static project => TypedResults.Ok(project));

    private static async Task<IResult> DashboardAsync(
        ProjectReads reads, string id, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        await reads.ViewAsync(id, user.UserId, cancellationToken) is { Succeeded: false } refused
            ? refused.ToApi(user, static _ => TypedResults.Ok())
            : TypedResults.Ok(await reads.DashboardAsync(id, cancellationToken));

    private static async Task<IResult> StatisticsAsync(
        ProjectReads reads, string id, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        await reads.ViewAsync(id, user.UserId, cancellationToken) is { Succeeded: false } refused
            ? refused.ToApi(user, static _ => TypedResults.Ok())
            : TypedResults.Ok(await reads.StatisticsAsync(id, cancellationToken));

    private static async Task<IResult> TasksAsync(
        ProjectReads reads,
        string id,
        ClaimsPrincipal user,
        string? status,
        string? assignee,
        string? after,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (status is not null && !WorkStatus.All.Contains(status))
        {
            errors.Add("Status", "Choose todo, doing or done.");
        }

        if (assignee is not null && !NewId.IsWellFormed(assignee))
        {
            errors.Add("Assignee", "This is not a resident's id.");
        }

        if (errors.Any)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary());
        }

        var view = await reads.ViewAsync(id, user.UserId, cancellationToken);
        return view.Succeeded
            ? TypedResults.Ok(await reads.TasksAsync(
                id, new WorkFilter(status, assignee, Cursor.Parse(after), ProjectReads.PageSize), cancellationToken))
            : view.ToApi(user, static _ => TypedResults.Ok());
    }

    private static async Task<IResult> CreateTaskAsync(
        WorkWrites writes, string id, WorkItemInput input, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await writes.CreateAsync(id, input, user.RequiredUserId, cancellationToken))
        .ToApi(user, static task => TypedResults.Created($"/api/tasks/{task.Id}", task));

    private static async Task<IResult> FindTaskAsync(
        ProjectReads reads, string id, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (await reads.FindTaskAsync(id, cancellationToken) is not { } task)
        {
            return TypedResults.StatusCode(StatusCodes.Status404NotFound);
        }

        var view = await reads.ViewAsync(task.ProjectId, user.UserId, cancellationToken);
        return view.ToApi(user, _ => TypedResults.Ok(task));
    }

    private static async Task<IResult> UpdateTaskAsync(
        WorkWrites writes, string id, WorkItemInput input, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await writes.UpdateAsync(id, input, user.RequiredUserId, cancellationToken))
        .ToApi(user, static task => TypedResults.Ok(task));

    private static async Task<IResult> RequestExportAsync(
        Exports exports, string id, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await exports.RequestAsync(id, user.RequiredUserId, cancellationToken))
        .ToApi(user, static export => TypedResults.Accepted($"/api/projects/exports/{export.Id}", export));

    private static async Task<IResult> FindExportAsync(
        Exports exports, string exportId, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        (await exports.FindAsync(exportId, user.RequiredUserId, cancellationToken))
        .ToApi(user, static export => TypedResults.Ok(export));

    private static async Task<IResult> FileAsync(
        Exports exports, string exportId, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var export = await exports.FindAsync(exportId, user.RequiredUserId, cancellationToken);
        var content = await exports.ContentAsync(exportId, user.RequiredUserId, cancellationToken);
        return content.ToApi(user, csv => TypedResults.File(
            System.Text.Encoding.UTF8.GetBytes(csv), "text/csv; charset=utf-8", export.Value!.FileName));
    }

    private static async Task<IResult> SearchAsync(
        ProjectReads reads, ClaimsPrincipal user, string? q, string? after, CancellationToken cancellationToken)
    {
        var query = SearchQuery.Parse(q);
        return query.IsUsable
            ? TypedResults.Ok(await reads.SearchAsync(query, user.UserId, Cursor.Parse(after), cancellationToken))
            : TypedResults.ValidationProblem(
                FieldErrors.Of("Q", "Enter at least one word of two characters or more.").ToDictionary());
    }
}
