using Millrace.Jobs;

namespace Township.Modules.Projects;

/// <summary>Takes wishes for exports, shows how far they are, hands out the files. Each belongs to the resident who asked.</summary>
internal sealed class Exports(ExportStore store, ProjectReads projects, JobClient jobs, TimeProvider time)
{
    /// <summary>Asks for an export; the job makes it.</summary>
    public async Task<Outcome<ProjectExport>> RequestAsync(string projectId, string userId, CancellationToken cancellationToken)
    {
        var view = await projects.ViewAsync(projectId, userId, cancellationToken);
        if (view.Value is not { } seen)
        {
            return view.As<ProjectExport>();
        }

        var id = NewId.Create(time);
        var now = time.GetUtcNow();
        var fileName = $"{Slug(seen.Project.Name)}-{now:yyyy-MM-dd}.csv";
        await store.InsertAsync(id, projectId, userId, fileName, now.ToUnixTimeMilliseconds(), cancellationToken);
        try
        {
            await jobs.EnqueueAsync(new ExportProject(id), cancellationToken: CancellationToken.None);
        }
        catch (JobQueueFullException)
        {
            await store.FailAsync(id, now.ToUnixTimeMilliseconds(), CancellationToken.None); // its page says: ask again
        }

        return Outcome<ProjectExport>.Done((await store.FindAsync(id, CancellationToken.None))!);
    }

    /// <summary>An export, for the resident who asked for it.</summary>
    public async Task<Outcome<ProjectExport>> FindAsync(string? id, string userId, CancellationToken cancellationToken)
    {
        if (!NewId.IsWellFormed(id) || await store.FindAsync(id!, cancellationToken) is not { } export)
        {
            return Outcome<ProjectExport>.NotFound;
        }

        return export.UserId == userId ? Outcome<ProjectExport>.Done(export) : Outcome<ProjectExport>.Forbidden;
    }

    /// <summary>The file's text; not found until the export is done.</summary>
    public async Task<Outcome<string>> ContentAsync(string id, string userId, CancellationToken cancellationToken)
    {
        var export = await FindAsync(id, userId, cancellationToken);
        if (export.Value is null)
        {
            return export.As<string>();
        }

        // A file that was made while its owner was a member is not handed to somebody who no longer is.
        if (!(await projects.ViewAsync(export.Value.ProjectId, userId, cancellationToken)).Succeeded)
        {
            return Outcome<string>.Forbidden;
        }

        return await store.ContentAsync(id, cancellationToken) is { } content
            ? Outcome<string>.Done(content)
            : Outcome<string>.NotFound;
    }

    public Task<IReadOnlyList<ProjectExport>> OfResidentAsync(string userId, string projectId, CancellationToken cancellationToken) =>
        store.OfResidentAsync(userId, projectId, cancellationToken);

    private static string Slug(string name)
    {
        var characters = SearchQuery.Fold(name).Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '-').Take(60).ToArray();
        var slug = string.Join('-', new string(characters).Split('-', StringSplitOptions.RemoveEmptyEntries));
        return slug.Length > 0 ? slug : "project";
    }
}
