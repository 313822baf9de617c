using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Access;
using Millrace.AspNetCore.Answers;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Management;

/// <summary><c>/api/jobs</c>: jobs one by one and in pages.</summary>
internal static class JobEndpoints
{
    public static void Map(IEndpointRouteBuilder api, MillraceOptions options)
    {
        api.Read(options, "/jobs", "Lists jobs: running, waiting, scheduled, blocked, dead, cancelled, completed; with a tag, last enqueued first", ListAsync).Produces<JobPageView>().ProducesValidationProblem();
        api.Read(options, "/jobs/stats", "Counts jobs of all queues and what this process did", StatsAsync).Produces<JobStatsView>();
        api.Read(options, "/jobs/{id}", "Shows one job, what it has logged, what it waits for and what waits for it", GetAsync).Produces<JobDetail>().ProducesProblem(StatusCodes.Status404NotFound);
        api.Operate(options, "POST", "/jobs/{id}/cancel", "Cancels a waiting or blocked job, asks a running one to stop", CancelAsync).Produces<Operated>();
        api.Operate(options, "POST", "/jobs/{id}/retry", "Puts a dead job back in line", RetryAsync).Produces<Operated>();
        api.Operate(options, "DELETE", "/jobs/{id}", "Removes a job that is not running", DeleteAsync).Produces<Operated>();
    }

    public static JobTotals Total(IReadOnlyList<QueueStatus> queues) => new(
        queues.Sum(q => q.Waiting),
        queues.Sum(q => q.Delayed),
        queues.Sum(q => q.Retrying),
        queues.Sum(q => q.Blocked),
        queues.Sum(q => q.Running),
        queues.Sum(q => q.Completed),
        queues.Sum(q => q.Dead),
        queues.Sum(q => q.Cancelled));

    private static async Task<IResult> ListAsync(
        HttpContext context, JobClient jobs, string? state, string? queue, string? type, string? tag, string? from, string? until, string? pageSize, string? cursor)
    {
        var input = new Input();
        var query = new JobQuery
        {
            State = input.Choice<JobState>("state", state),
            Queue = input.Text("queue", queue, JobLimits.MaximumNameLength),
            Type = input.Text("type", type, JobLimits.MaximumNameLength),
            Tag = input.Text("tag", tag, JobLimits.MaximumTagLength),
            From = input.Time("from", from),
            Until = input.Time("until", until),
            PageSize = input.Number("pageSize", pageSize, 1, JobLimits.MaximumPageSize, 50),
            Cursor = input.Text("cursor", cursor, 500),
        };
        if (!input.IsValid)
        {
            return Problems.Invalid(input.Errors);
        }

        using var cancellation = Endpoint.QueryToken(context);
        try
        {
            var page = await jobs.ListAsync(query, cancellation.Token).ConfigureAwait(false);
            return Results.Json(new JobPageView([.. page.Jobs.Select(JobView.Of)], page.Next), ManagementJson.Default.JobPageView);
        }
        catch (ArgumentException) when (query.Cursor is not null)
        {
            return Problems.Invalid("cursor", "This is not a cursor that a page of this list gave out. Start again without one.");
        }
    }

    private static async Task<IResult> StatsAsync(HttpContext context, JobClient jobs)
    {
        using var cancellation = Endpoint.QueryToken(context);
        var statistics = await jobs.GetStatisticsAsync(cancellation.Token).ConfigureAwait(false);
        return Results.Json(new JobStatsView(Total(statistics.Queues), statistics), ManagementJson.Default.JobStatsView);
    }

    private static async Task<IResult> GetAsync(HttpContext context, JobClient jobs, IOptions<MillraceOptions> options, string id)
    {
        if (!IsId(id))
        {
            return Unknown();
        }

        using var cancellation = Endpoint.QueryToken(context);
        if (await jobs.GetAsync(id, cancellation.Token).ConfigureAwait(false) is not { } job)
        {
            return Unknown();
        }

        var withPayload = await AccessGate.MayOperateAsync(context, options.Value).ConfigureAwait(false);
        var links = await jobs.GetLinksAsync(id, cancellation.Token).ConfigureAwait(false) ?? new JobLinks();
        var log = await jobs.GetLogAsync(id, cancellation.Token).ConfigureAwait(false);
        return Results.Json(JobView.Detail(job, links, log, withPayload), ManagementJson.Default.JobDetail);
    }

    private static async Task<IResult> CancelAsync(HttpContext context, JobClient jobs, string id)
    {
        const string Operation = "job.cancel";
        using var cancellation = Endpoint.QueryToken(context);
        var status = IsId(id) ? await jobs.CancelAsync(id, cancellation.Token).ConfigureAwait(false) : CancelStatus.NotFound;
        return status switch
        {
            CancelStatus.Cancelled => Endpoint.Done(context, Operation, id, "cancelled"),
            CancelStatus.Requested => Endpoint.Done(context, Operation, id, "requested", StatusCodes.Status202Accepted),
            CancelStatus.AlreadyEnded => Endpoint.Refused(context, Operation, id, Conflict("The job has already ended."), "already ended"),
            _ => Endpoint.Refused(context, Operation, id, Unknown(), "not found"),
        };
    }

    private static async Task<IResult> RetryAsync(HttpContext context, JobClient jobs, string id)
    {
        const string Operation = "job.retry";
        using var cancellation = Endpoint.QueryToken(context);
        if (IsId(id) && await jobs.RetryAsync(id, cancellationToken: cancellation.Token).ConfigureAwait(false))
        {
            return Endpoint.Done(context, Operation, id, "waiting");
        }

        return await ExplainAsync(context, jobs, Operation, id, "Only dead jobs can be retried; this one is {0}.", cancellation.Token).ConfigureAwait(false);
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, JobClient jobs, string id)
    {
        const string Operation = "job.delete";
        using var cancellation = Endpoint.QueryToken(context);
        if (IsId(id) && await jobs.DeleteAsync(id, cancellation.Token).ConfigureAwait(false))
        {
            return Endpoint.Done(context, Operation, id, "deleted");
        }

        return await ExplainAsync(context, jobs, Operation, id, "A job cannot be removed while it is {0}; cancel it first.", cancellation.Token).ConfigureAwait(false);
    }

    /// <summary>404 or 409, depending on whether the job exists after all.</summary>
    private static async Task<IResult> ExplainAsync(
        HttpContext context, JobClient jobs, string operation, string id, string message, CancellationToken cancellationToken)
    {
        var job = IsId(id) ? await jobs.GetAsync(id, cancellationToken).ConfigureAwait(false) : null;
        return job is null
            ? Endpoint.Refused(context, operation, id, Unknown(), "not found")
            : Endpoint.Refused(
                context,
                operation,
                id,
                Conflict(message.Replace("{0}", job.State.ToString().ToLowerInvariant(), StringComparison.Ordinal)),
                "refused");
    }

    private static bool IsId(string id) => id.Length is > 0 and <= JobLimits.MaximumIdLength && !id.Any(char.IsControl);

    private static IResult Unknown() => Problems.NotFound("There is no job of this id; ended jobs are kept for a limited time.");

    private static IResult Conflict(string detail) => Problems.Of(StatusCodes.Status409Conflict, "Not in this state", detail);
}
