using Millrace.Jobs;
using Township.Modules.Notifications;
using Township.Modules.Organisations;

namespace Township.Modules.Projects;

/// <summary>Hands the members on to notification jobs, page by page; repeated, it hands on the same jobs under the same ids.</summary>
internal sealed class AnnounceProjectHandler(
    ProjectReads projects, OrganisationReads organisations, OrganisationStore members, JobClient jobs)
    : IJobHandler<AnnounceProject>
{
    public async Task HandleAsync(AnnounceProject job, JobContext context, CancellationToken cancellationToken)
    {
        if (await projects.FindAsync(job.ProjectId, cancellationToken) is not { } project
            || await organisations.FindAsync(project.OrganisationId, cancellationToken) is not { } organisation)
        {
            return;
        }

        var after = "";
        while (true)
        {
            var page = await members.MemberIdsAsync(organisation.Id, after, Notify.MaximumUsers, cancellationToken);
            string[] others = [.. page.Where(id => id != project.CreatedBy)];
            if (others.Length > 0)
            {
                var first = others[0];
                await jobs.EnqueueAsync(
                    new Notify(
                        others,
                        "project-created",
                        $"New project: {project.Name}",
                        $"{project.CreatedByName} started it in {organisation.Name}.",
                        $"/projects/{project.Id}"),
                    options => options.Id($"announce-{project.Id}-{first}"),
                    cancellationToken);
            }

            if (page.Count < Notify.MaximumUsers)
            {
                return;
            }

            after = page[^1];
        }
    }
}
