using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Answers;
using Millrace.Caching;

namespace Millrace.AspNetCore.Management;

/// <summary><c>/api/cache/warm</c>: which warmers there are, how their runs go; run and cancel them.</summary>
internal static class WarmEndpoints
{
    private const int MaximumNames = 100;
    private const int MaximumNameLength = 1024;
    private const int MaximumUserIdLength = 256;

    public static void Map(IEndpointRouteBuilder api, MillraceOptions options)
    {
        api.Read(options, "/cache/warm", "Lists warmers with their last and next runs", List).Produces<IReadOnlyList<CacheWarmer>>();
        api.Read(options, "/cache/warm/runs", "Shows runs: those going on with their progress, and the last ones", Runs).Produces<IReadOnlyList<CacheWarmingRun>>();
        api.Operate(options, "POST", "/cache/warm", "Runs warmers", WarmAsync)
            .Produces<IReadOnlyList<CacheWarmingRun>>().Produces<WarmStarted>(StatusCodes.Status202Accepted).ProducesValidationProblem().ProducesProblem(StatusCodes.Status409Conflict);
        api.Operate(options, "POST", "/cache/warm/runs/{id}/cancel", "Ends a run; what it has filled stays", Cancel)
            .Produces<Operated>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static IResult List(CacheWarming warming) => Results.Json(warming.Warmers, ManagementJson.Default.IReadOnlyListCacheWarmer);

    private static IResult Runs(CacheWarming warming) => Results.Json(warming.Runs, ManagementJson.Default.IReadOnlyListCacheWarmingRun);

    private static IResult Cancel(HttpContext context, CacheWarming warming, string id) =>
        long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && warming.Cancel(number)
            ? Endpoint.Done(context, "cache.warm.cancel", id, "cancelled")
            : Endpoint.Refused(
                context, "cache.warm.cancel", PlainText.Of(id, 20),
                Problems.Of(StatusCodes.Status404NotFound, "No such run", "No run with this number is going on; it may have ended."), "not found");

    private static async Task<IResult> WarmAsync(HttpContext context, CacheWarming warming, IOptions<MillraceOptions> options)
    {
        var (request, fault) = await RequestBody.ReadAsync(context, ManagementJson.Default.WarmRequest, options.Value.MaximumRequestBodyBytes).ConfigureAwait(false);
        if (request is null)
        {
            return fault!;
        }

        var input = new Input();
        var names = Check(input, request, warming.Warmers);
        if (!input.IsValid)
        {
            return Problems.Invalid(input.Errors);
        }

        try
        {
            if (request.UserId is { Length: > 0 } user)
            {
                var runs = await warming.WarmUserAsync(user, cacheName: null, context.RequestAborted).ConfigureAwait(false);
                Audit(context, runs);
                return Results.Json(runs, ManagementJson.Default.IReadOnlyListCacheWarmingRun);
            }

            return request.Wait ?? true
                ? await RunAsync(context, warming, names).ConfigureAwait(false)
                : Start(context, warming, names);
        }
        catch (InvalidOperationException refused) // too many run or wait already
        {
            return Endpoint.Refused(
                context, "cache.warm", string.Join(", ", names), Problems.Of(StatusCodes.Status409Conflict, "Too many runs", PlainText.Of(refused.Message, 300)), "refused");
        }
    }

    /// <summary>The warmers to run, those of high priority first when all are meant.</summary>
    private static IReadOnlyList<string> Check(Input input, WarmRequest request, IReadOnlyList<CacheWarmer> warmers)
    {
        var wanted = input.Names("warmers", request.Warmers, MaximumNames, MaximumNameLength);
        var user = input.Text("userId", request.UserId, MaximumUserIdLength);
        if (user is not null && (wanted.Count > 0 || request.Wait == false || string.IsNullOrWhiteSpace(user)))
        {
            input.Fault("userId", "Not empty, and neither with 'warmers' nor with 'wait': false; all warmers that are per user run for this user.");
        }

        foreach (var (index, name) in wanted.Index())
        {
            var warmer = warmers.FirstOrDefault(warmer => string.Equals(warmer.Name, name, StringComparison.OrdinalIgnoreCase));
            if (warmer is null)
            {
                input.Fault($"warmers[{index}]", $"There is no warmer of this name. Registered: {string.Join(", ", warmers.Select(other => other.Name))}.");
            }
            else if (!warmer.RunsForAll)
            {
                input.Fault($"warmers[{index}]", "This warmer runs for single users only: send 'userId' instead.");
            }
        }

        return wanted.Count > 0 ? wanted : [.. warmers.Where(warmer => warmer.RunsForAll).OrderBy(warmer => warmer.Priority).Select(warmer => warmer.Name)];
    }

    private static async Task<IResult> RunAsync(HttpContext context, CacheWarming warming, IReadOnlyList<string> names)
    {
        List<CacheWarmingRun> runs = [];
        foreach (var name in names)
        {
            runs.Add(await warming.WarmAsync(name, context.RequestAborted).ConfigureAwait(false));
            Audit(context, runs[^1..]);
        }

        return Results.Json(runs, ManagementJson.Default.IReadOnlyListCacheWarmingRun);
    }

    private static IResult Start(HttpContext context, CacheWarming warming, IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            warming.Start(name);
            Endpoint.Audit(context, "cache.warm", name, "started");
        }

        return Results.Json(new WarmStarted(names), ManagementJson.Default.WarmStarted, contentType: null, StatusCodes.Status202Accepted);
    }

    private static void Audit(HttpContext context, IReadOnlyList<CacheWarmingRun> runs)
    {
        foreach (var run in runs)
        {
            Endpoint.Audit(context, "cache.warm", run.UserId is null ? run.Name : $"{run.Name} for user {run.UserId}", run.Outcome switch
            {
                CacheWarmingOutcome.Succeeded => "warmed",
                CacheWarmingOutcome.Partial => "partly failed",
                CacheWarmingOutcome.Cancelled => "cancelled",
                CacheWarmingOutcome.Stopped => "stopped: the cache is full",
                _ => "failed",
            });
        }
    }
}
