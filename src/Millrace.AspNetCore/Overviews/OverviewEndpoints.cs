using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Access;
using Millrace.AspNetCore.Answers;
using Millrace.AspNetCore.Management;

namespace Millrace.AspNetCore.Overviews;

/// <summary><c>/api/overview</c>, its history, its live stream, and who is asking.</summary>
internal static class OverviewEndpoints
{
    public static void Map(IEndpointRouteBuilder api, MillraceOptions options)
    {
        api.Read(options, "/overview", "Shows the state of cache, jobs and channels", OverviewAsync).Produces<Overview>();
        api.Read(options, "/overview/history", "Shows how it went, sample by sample", History).Produces<HistoryView>().ProducesValidationProblem();
        api.Read(options, "/access", "Tells who is asking and what they may do", AccessAsync).Produces<AccessView>();
        api.Read(options, "/live", "Streams overviews and samples as server-sent events", LiveAsync);
    }

    private static async Task<IResult> OverviewAsync(HttpContext context, OverviewSource overviews)
    {
        var frame = await overviews.GetAsync(context.RequestAborted).ConfigureAwait(false);
        return Results.Bytes(frame.Json, "application/json; charset=utf-8");
    }

    private static IResult History(HttpContext context, History history, IOptions<MillraceOptions> options, string? from)
    {
        var input = new Input();
        var first = input.Number("from", from, 0, int.MaxValue, 0);
        return input.IsValid
            ? Results.Json(
                new HistoryView(options.Value.HistoryInterval.TotalSeconds, history.Capacity, history.From(first)), OverviewJson.Default.HistoryView)
            : Problems.Invalid(input.Errors);
    }

    private static async Task<IResult> AccessAsync(HttpContext context, IOptions<MillraceOptions> options) => Results.Json(
        new AccessView(Caller.Name(context), await AccessGate.MayOperateAsync(context, options.Value).ConfigureAwait(false)),
        OverviewJson.Default.AccessView);

    private static Task<IResult> LiveAsync(HttpContext context, LiveStreams streams) => streams.StreamAsync(context);
}
