using Millrace.Caching;
using Millrace.Realtime;
using Township.Modules.Organisations;

namespace Township.Modules.Projects;

/// <summary>Creates and edits projects: who may, what is checked, what becomes invalid, who is told.</summary>
internal sealed class ProjectWrites(
    ProjectStore store,
    ProjectReads reads,
    OrganisationReads organisations,
    RefreshQueue refresh,
    Cache cache,
    ChannelClient channels,
    TimeProvider time)
{
    // What follows a committed write happens also when the client has gone.
    private static readonly CancellationToken Committed = CancellationToken.None;

    public async Task<Outcome<Project>> CreateAsync(ProjectInput input, string userId, CancellationToken cancellationToken)
    {
        input.Status = ProjectStatus.Active;
        var errors = input.Validate();
        if (errors.Any)
        {
            return Outcome<Project>.Invalid(errors);
        }

        if (await organisations.FindAsync(input.OrganisationId, cancellationToken) is null)
        {
            return Outcome<Project>.Invalid(nameof(input.OrganisationId), "There is no such organisation.");
        }

        if (await organisations.RoleAsync(input.OrganisationId!, userId, cancellationToken) is null)
        {
            return Outcome<Project>.Forbidden;
        }

        var id = NewId.Create(time);
        await store.InsertAsync(id, input, userId, Now, cancellationToken);
        await cache.InvalidateAsync(new ProjectChanged(id, input.OrganisationId!, IsNew: true), Committed);
        await channels.PublishAsync(
            ChannelNames.Organisation(input.OrganisationId!),
            new ProjectCreated(id, input.OrganisationId!, input.Name!),
            Committed);
        await refresh.SearchAsync(RefreshSearch.Project, id);
        await refresh.AnnounceAsync(id);
        return Outcome<Project>.Done((await reads.FindAsync(id, Committed))!);
    }

    public async Task<Outcome<Project>> UpdateAsync(
        string id, ProjectInput input, string userId, CancellationToken cancellationToken)
    {
        var view = await reads.ViewAsync(id, userId, cancellationToken);
        if (view.Value is not { } seen)
        {
            return view.As<Project>();
        }

        if (!seen.CanEdit)
        {
            return Outcome<Project>.Forbidden;
        }

        input.OrganisationId = seen.Project.OrganisationId;
        var errors = input.Validate();
        if (errors.Any)
        {
            return Outcome<Project>.Invalid(errors);
        }

        await store.UpdateAsync(id, input, Now, cancellationToken);
        if (input.IsPrivate != seen.Project.IsPrivate)
        {
            await cache.InvalidateAsync(new SearchIndexChanged(), Committed);
        }

        await cache.InvalidateAsync(new ProjectChanged(id, seen.Project.OrganisationId, IsNew: false), Committed);
        if (input.IsPrivate && !seen.Project.IsPrivate)
        {
            // Everybody asks again; members are let in.
            await channels.RevokeAsync(ChannelNames.Project(id), null, "This project is now for members only.", Committed);
        }

        await channels.PublishAsync(ChannelNames.Project(id), new ProjectUpdated(id, input.Name!), Committed);
        await refresh.SearchAsync(RefreshSearch.Project, id);
        return Outcome<Project>.Done((await reads.FindAsync(id, Committed))!);
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
}
