using System.Globalization;
using Millrace.Caching;
using Millrace.Jobs;
using Millrace.Realtime;

namespace Township.Modules.Projects;

/// <summary>Makes a CSV of a project's tasks, with progress 10, 50, 80, 100. Running twice makes the same file again.</summary>
internal sealed class ExportProjectHandler(
    ExportStore exports, ProjectReads projects, Cache cache, ChannelClient channels, TimeProvider time)
    : IJobHandler<ExportProject>
{
    public async Task HandleAsync(ExportProject job, JobContext context, CancellationToken cancellationToken)
    {
        if (await exports.FindAsync(job.ExportId, cancellationToken) is not { IsFinished: false } export)
        {
            return; // made already, or deleted with its project
        }

        try
        {
            await MakeAsync(export, context, cancellationToken);
        }
        catch (Exception) when (context.Attempt >= context.MaxAttempts)
        {
            await exports.FailAsync(export.Id, Now, CancellationToken.None);
            await TellAsync(export, (int)export.Percent, "failed", CancellationToken.None);
            throw;
        }
    }

    /// <summary>The file: one line per task, oldest first.</summary>
    public static string Write(IEnumerable<WorkItem> tasks)
    {
        var csv = new CsvWriter();
        csv.Line("id", "title", "status", "kind of work", "assignee", "due", "created", "done", "details");
        foreach (var task in tasks)
        {
            csv.Line(
                task.Id, task.Title, task.Status, task.Kind, task.AssigneeName, task.DueOn,
                Moment(task.CreatedAt), task.CompletedAt is { } done ? Moment(done) : null, task.Details);
        }

        return csv.ToString();
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static string Moment(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
        .ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private async Task MakeAsync(ProjectExport export, JobContext context, CancellationToken cancellationToken)
    {
        // Who left the organisation since asking gets nothing private.
        if (!(await projects.ViewAsync(export.ProjectId, export.UserId, cancellationToken)).Succeeded)
        {
            await exports.FailAsync(export.Id, Now, cancellationToken);
            await TellAsync(export, 0, "failed", cancellationToken);
            return;
        }

        await StepAsync(export, context, 10, "Reading the tasks", cancellationToken);
        var content = await cache.GetOrCreateAsync(
            ProjectCache.ExportKey(export.ProjectId),
            (exports, export.ProjectId),
            static async (state, token) =>
            {
                var tasks = await state.exports.TasksAsync(state.ProjectId, token);
                return new ExportContent(Write(tasks), tasks.Count);
            },
            ProjectCache.Export,
            [ProjectCache.Tag(export.ProjectId), ProjectCache.ExportsTag],
            cancellationToken);
        await StepAsync(export, context, 50, $"{content.Rows} tasks", cancellationToken);
        await StepAsync(export, context, 80, "Storing the file", cancellationToken);
        await exports.FinishAsync(export.Id, content.Csv, content.Rows, Now, cancellationToken);
        await context.ReportProgressAsync(100, "Ready", cancellationToken);
        await TellAsync(export, 100, "done", cancellationToken);
    }

    private async Task StepAsync(
        ProjectExport export, JobContext context, int percent, string message, CancellationToken cancellationToken)
    {
        await exports.ProgressAsync(export.Id, percent, cancellationToken);
        await context.ReportProgressAsync(percent, message, cancellationToken);
        await TellAsync(export, percent, "running", cancellationToken);
    }

    private ValueTask TellAsync(ProjectExport export, int percent, string status, CancellationToken cancellationToken) =>
        channels.PublishAsync(
            ChannelNames.User(export.UserId),
            new ExportProgress(export.Id, export.ProjectId, percent, status),
            cancellationToken);
}
