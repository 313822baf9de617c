using Millrace.Caching;
using Millrace.Jobs;

namespace Township.Modules.Projects;

/// <summary>Writes index rows from what is in the tables now, so running twice or late does no harm.</summary>
internal sealed class RefreshSearchHandler(SearchStore search, Cache cache) : IJobHandler<RefreshSearch>
{
    private const int Batch = 100;

    public async Task HandleAsync(RefreshSearch job, JobContext context, CancellationToken cancellationToken)
    {
        switch (job.Kind)
        {
            case RefreshSearch.Task:
                await search.RefreshTaskAsync(job.Id, cancellationToken);
                break;
            case RefreshSearch.Project:
                await search.RefreshProjectAsync(job.Id, cancellationToken);
                break;
            case RefreshSearch.Organisation:
                await RefreshOrganisationAsync(job.Id, cancellationToken);
                break;
            default:
                throw new UnrecoverableJobException($"The search index holds no '{job.Kind}'.");
        }

        await cache.InvalidateAsync(new SearchIndexChanged(), cancellationToken);
    }

    private async Task RefreshOrganisationAsync(string id, CancellationToken cancellationToken)
    {
        var after = "";
        IReadOnlyList<string> ids;
        do
        {
            ids = await search.ProjectIdsAsync(id, after, Batch, cancellationToken);
            foreach (var project in ids)
            {
                await search.RefreshProjectAsync(project, cancellationToken);
                after = project;
            }
        }
        while (ids.Count == Batch);
    }
}
