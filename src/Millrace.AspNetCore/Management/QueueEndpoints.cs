using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.AspNetCore.Answers;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Management;

/// <summary><c>/api/jobs/queues</c>, <c>/api/jobs/schedules</c>, <c>/api/jobs/workers</c>.</summary>
internal static class QueueEndpoints
{
    public static void Map(IEndpointRouteBuilder api, MillraceOptions options)
    {
        api.Read(options, "/jobs/queues", "Lists queues with their counts", QueuesAsync).Produces<IReadOnlyList<QueueStatus>>();
        api.Operate(options, "POST", "/jobs/queues/{queue}/pause", "Stops claiming from a queue", PauseQueueAsync).Produces<Operated>();
        api.Operate(options, "POST", "/jobs/queues/{queue}/resume", "Claims from a queue again", ResumeQueueAsync).Produces<Operated>();
        api.Read(options, "/jobs/schedules", "Lists schedules with their next runs", SchedulesAsync).Produces<IReadOnlyList<ScheduleView>>();
        api.Operate(options, "POST", "/jobs/schedules/{schedule}/trigger", "Runs a schedule's job now", TriggerAsync).Produces<Operated>();
        api.Operate(options, "POST", "/jobs/schedules/{schedule}/pause", "Stops a schedule from firing", PauseScheduleAsync).Produces<Operated>();
        api.Operate(options, "POST", "/jobs/schedules/{schedule}/resume", "Lets a schedule fire again", ResumeScheduleAsync).Produces<Operated>();
        api.Read(options, "/jobs/workers", "Lists workers with their heartbeats", WorkersAsync).Produces<IReadOnlyList<WorkerView>>();
    }

    public static ScheduleView View(ScheduleRecord schedule)
    {
        var definition = schedule.Definition;
        return new ScheduleView(
            definition.Name, definition.Cron, definition.TimeZone, definition.Queue, definition.Type, schedule.NextAt, schedule.LastAt, schedule.LastJobId, schedule.Paused,
            schedule.Runs, definition.StartsAt, definition.EndsAt, definition.MaximumRuns, JsonNamingPolicy.CamelCase.ConvertName(definition.Misfire.ToString()), definition.Group);
    }

    public static WorkerView View(WorkerRecord worker, DateTimeOffset now)
    {
        var identity = worker.Identity;
        return new WorkerView(
            identity.Id, identity.Host, identity.ProcessId, identity.Queues, worker.StartedAt, worker.SeenAt, worker.LeaseUntil, worker.Running, worker.LeaseUntil > now);
    }

    private static async Task<IResult> QueuesAsync(HttpContext context, JobClient jobs)
    {
        using var cancellation = Endpoint.QueryToken(context);
        return Results.Json(await jobs.GetQueuesAsync(cancellation.Token).ConfigureAwait(false), ManagementJson.Default.IReadOnlyListQueueStatus);
    }

    private static Task<IResult> PauseQueueAsync(HttpContext context, JobClient jobs, string queue) => SetQueueAsync(context, jobs, queue, paused: true);

    private static Task<IResult> ResumeQueueAsync(HttpContext context, JobClient jobs, string queue) => SetQueueAsync(context, jobs, queue, paused: false);

    private static async Task<IResult> SetQueueAsync(HttpContext context, JobClient jobs, string queue, bool paused)
    {
        var operation = paused ? "queue.pause" : "queue.resume";
        using var cancellation = Endpoint.QueryToken(context);
        var queues = await jobs.GetQueuesAsync(cancellation.Token).ConfigureAwait(false);
        if (queues.All(q => q.Name != queue))
        {
            return Endpoint.Refused(context, operation, queue, Problems.NotFound("There is no queue of this name."), "not found");
        }

        if (paused)
        {
            await jobs.PauseQueueAsync(queue, cancellation.Token).ConfigureAwait(false);
        }
        else
        {
            await jobs.ResumeQueueAsync(queue, cancellation.Token).ConfigureAwait(false);
        }

        return Endpoint.Done(context, operation, queue, paused ? "paused" : "resumed");
    }

    private static async Task<IResult> SchedulesAsync(HttpContext context, JobClient jobs)
    {
        using var cancellation = Endpoint.QueryToken(context);
        var schedules = await jobs.GetSchedulesAsync(cancellation.Token).ConfigureAwait(false);
        return Results.Json([.. schedules.Select(View)], ManagementJson.Default.IReadOnlyListScheduleView);
    }

    private static async Task<IResult> TriggerAsync(HttpContext context, JobClient jobs, string schedule)
    {
        const string Operation = "schedule.trigger";
        using var cancellation = Endpoint.QueryToken(context);
        try
        {
            return IsName(schedule) && await jobs.TriggerScheduleAsync(schedule, cancellation.Token).ConfigureAwait(false) is { } id
                ? Endpoint.Done(context, Operation, schedule, $"job {id}")
                : NoSchedule(context, Operation, schedule);
        }
        catch (JobQueueFullException full)
        {
            return Endpoint.Refused(
                context, Operation, schedule, Problems.Of(StatusCodes.Status409Conflict, "The queue is full", PlainText.Of(full.Message, 300)), "queue full");
        }
    }

    private static async Task<IResult> PauseScheduleAsync(HttpContext context, JobClient jobs, string schedule)
    {
        const string Operation = "schedule.pause";
        using var cancellation = Endpoint.QueryToken(context);
        return IsName(schedule) && await jobs.PauseScheduleAsync(schedule, cancellation.Token).ConfigureAwait(false)
            ? Endpoint.Done(context, Operation, schedule, "paused")
            : NoSchedule(context, Operation, schedule);
    }

    private static async Task<IResult> ResumeScheduleAsync(HttpContext context, JobClient jobs, string schedule)
    {
        const string Operation = "schedule.resume";
        using var cancellation = Endpoint.QueryToken(context);
        return IsName(schedule) && await jobs.ResumeScheduleAsync(schedule, cancellation.Token).ConfigureAwait(false)
            ? Endpoint.Done(context, Operation, schedule, "resumed")
            : NoSchedule(context, Operation, schedule);
    }

    private static IResult NoSchedule(HttpContext context, string operation, string schedule) =>
        Endpoint.Refused(context, operation, schedule, Problems.NotFound("There is no schedule of this name."), "not found");

    private static bool IsName(string name) => name.Length <= JobLimits.MaximumNameLength && name.Length > 0 && !name.Any(char.IsControl);

    private static async Task<IResult> WorkersAsync(HttpContext context, JobClient jobs, TimeProvider clock)
    {
        using var cancellation = Endpoint.QueryToken(context);
        var now = clock.GetUtcNow();
        var workers = await jobs.GetWorkersAsync(cancellation.Token).ConfigureAwait(false);
        return Results.Json([.. workers.Select(worker => View(worker, now))], ManagementJson.Default.IReadOnlyListWorkerView);
    }
}
