using Millrace.Caching;
using Millrace.Realtime;
using Township.Modules.Organisations;

namespace Township.Modules.Projects;

/// <summary>Creates and edits tasks: who may, what is checked, what becomes invalid, who is told.</summary>
internal sealed class WorkWrites(
    WorkStore store,
    ProjectReads reads,
    OrganisationReads organisations,
    RefreshQueue refresh,
    Cache cache,
    ChannelClient channels,
    TimeProvider time)
{
    // What follows a committed write happens also when the client has gone.
    private static readonly CancellationToken Committed = CancellationToken.None;

    public async Task<Outcome<WorkItem>> CreateAsync(
        string projectId, WorkItemInput input, string userId, CancellationToken cancellationToken)
    {
        var view = await reads.ViewAsync(projectId, userId, cancellationToken);
        if (view.Value is not { } seen)
        {
            return view.As<WorkItem>();
        }

        if (!seen.CanWork)
        {
            return Outcome<WorkItem>.Forbidden;
        }

        var errors = await ValidateAsync(input, null, seen.Project, cancellationToken);
        if (errors.Any)
        {
            return Outcome<WorkItem>.Invalid(errors);
        }

        var id = NewId.Create(time);
        await store.InsertAsync(id, projectId, input, userId, Now, cancellationToken);
        return Outcome<WorkItem>.Done(await TellAsync(
            id, seen.Project, WorkParts.Created, input.AssigneeId is { } assignee ? [assignee] : [], userId));
    }

    public async Task<Outcome<WorkItem>> UpdateAsync(
        string id, WorkItemInput input, string userId, CancellationToken cancellationToken)
    {
        if (!NewId.IsWellFormed(id) || await store.FindAsync(id, cancellationToken) is not { } before)
        {
            return Outcome<WorkItem>.NotFound;
        }

        var view = await reads.ViewAsync(before.ProjectId, userId, cancellationToken);
        if (view.Value is not { } seen)
        {
            return view.As<WorkItem>();
        }

        if (!seen.CanWork)
        {
            return Outcome<WorkItem>.Forbidden;
        }

        var errors = await ValidateAsync(input, before, seen.Project, cancellationToken);
        if (errors.Any)
        {
            return Outcome<WorkItem>.Invalid(errors);
        }

        var parts = Parts(before, input);
        if (parts == WorkParts.None)
        {
            return Outcome<WorkItem>.Unchanged(await reads.FindTaskAsync(id, cancellationToken) ?? before);
        }

        await store.UpdateAsync(id, input, Now, cancellationToken);
        List<string> residents = [.. new[] { before.AssigneeId, input.AssigneeId }.OfType<string>().Distinct()];
        return Outcome<WorkItem>.Done(await TellAsync(id, seen.Project, parts, residents, userId));
    }

    /// <summary>What an edit changes.</summary>
    public static WorkParts Parts(WorkItem before, WorkItemInput after)
    {
        var parts = WorkParts.None;
        parts |= before.Title != after.Title || before.Details != after.Details ? WorkParts.Text : WorkParts.None;
        parts |= before.DueOn != after.DueOn ? WorkParts.Due : WorkParts.None;
        parts |= before.Kind != after.Kind ? WorkParts.Kind : WorkParts.None;
        parts |= before.AssigneeId != after.AssigneeId ? WorkParts.Assignee : WorkParts.None;
        if (before.Status != after.Status)
        {
            parts |= WorkParts.Status;
            parts |= WorkStatus.Done == before.Status || WorkStatus.Done == after.Status ? WorkParts.Completion : WorkParts.None;
        }

        return parts;
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task<FieldErrors> ValidateAsync(
        WorkItemInput input, WorkItem? before, Project project, CancellationToken cancellationToken)
    {
        var errors = input.Validate(before);
        if (input.AssigneeId is { } assignee
            && assignee != before?.AssigneeId
            && NewId.IsWellFormed(assignee)
            && await organisations.RoleAsync(project.OrganisationId, assignee, cancellationToken) is null)
        {
            errors.Add(nameof(input.AssigneeId), "Choose a member of the organisation.");
        }

        return errors;
    }

    private async Task<WorkItem> TellAsync(
        string id, Project project, WorkParts parts, IReadOnlyList<string> residents, string userId)
    {
        await cache.InvalidateAsync(new TaskChanged(id, project.Id, project.OrganisationId, parts, residents), Committed);
        var task = (await reads.FindTaskAsync(id, Committed))!;
        await channels.PublishAsync(
            ChannelNames.Project(project.Id),
            new TaskUpdated(id, project.Id, task.Title, task.Status, parts.HasFlag(WorkParts.Created)),
            Committed);
        if ((parts & (WorkParts.Created | WorkParts.Text)) != WorkParts.None)
        {
            await refresh.SearchAsync(RefreshSearch.Task, id);
        }

        if ((parts & (WorkParts.Created | WorkParts.Status | WorkParts.Assignee | WorkParts.Due)) != WorkParts.None)
        {
            await refresh.StatisticsAsync(project.Id);
        }

        if ((parts & (WorkParts.Created | WorkParts.Assignee)) != WorkParts.None && task.AssigneeId is { } assignee && assignee != userId)
        {
            await refresh.AssignedAsync(task, project);
        }

        return task;
    }
}
