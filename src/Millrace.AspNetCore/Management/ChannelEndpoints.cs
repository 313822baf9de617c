using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.AspNetCore.Answers;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Management;

/// <summary><c>/api/channels</c>: statistics, and the channels that have subscribers, page by page.</summary>
internal static class ChannelEndpoints
{
    public static void Map(IEndpointRouteBuilder api, MillraceOptions options)
    {
        api.Read(options, "/channels", "Lists channels with subscribers, by name", List).Produces<ChannelPageView>().ProducesValidationProblem();
        api.Read(options, "/channels/stats", "Counts connections, publications and deliveries", Stats).Produces<RealtimeStatistics>();
    }

    private static IResult Stats(ChannelClient channels) => Results.Json(channels.GetStatistics(), ManagementJson.Default.RealtimeStatistics);

    private static IResult List(ChannelClient channels, string? after, string? pageSize)
    {
        var input = new Input();
        var from = input.Text("after", after, 300);
        var count = input.Number("pageSize", pageSize, 1, 500, 100);
        if (!input.IsValid)
        {
            return Problems.Invalid(input.Errors);
        }

        var page = channels.ListChannels(from, count);
        return Results.Json(new ChannelPageView(page, page.Count == count ? page[^1].Channel : null), ManagementJson.Default.ChannelPageView);
    }
}
