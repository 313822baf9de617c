using Township.Platform.Identity;

namespace Township.Modules.Home;

/// <summary>The front page, the error page and the operators' statistics.</summary>
internal sealed class HomeModule : ITownshipModule
{
    public string Name => "Home";

    public void AddServices(IHostApplicationBuilder builder)
    {
    }

    public void MapEndpoints(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/township/stats", static (QueryCounter counter) => TypedResults.Ok(new
        {
            requests = counter.Requests,
            queries = counter.Commands,
            queriesInRequests = counter.CommandsInRequests,
        })).RequireAuthorization(TownshipPolicies.Operator);
    }
}
