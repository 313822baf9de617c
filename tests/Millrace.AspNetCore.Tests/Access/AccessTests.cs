using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.AspNetCore.Access;
using Millrace.AspNetCore.Tests.Hosting;

namespace Millrace.AspNetCore.Tests.Access;

[Trait("req", "H-03")]
public sealed class AccessTests
{
    [Fact]
    public async Task Every_endpoint_is_guarded_but_health_and_the_hub()
    {
        await using var site = await Site.StartAsync();

        var open = Endpoints(site).Where(e => e.Metadata.GetMetadata<AccessMetadata>() is null).Select(e => e.RoutePattern.RawText).Order(StringComparer.Ordinal);

        Assert.Equal(["/health/live", "/health/ready", "/millrace/hub", "/millrace/hub/negotiate"], open);
    }

    [Fact]
    public async Task With_policies_readers_read_and_operators_operate_and_nobody_else_does_anything()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened);
        var calls = Guarded(site);
        Assert.True(calls.Count(c => c.Level == AccessLevel.Operate) >= 10, "the operations are mapped");
        Assert.True(calls.Count(c => c.Level == AccessLevel.Read) >= 15, "the reads are mapped");

        foreach (var call in calls)
        {
            var isRead = call.Level == AccessLevel.Read;
            Assert.Equal((call, HttpStatusCode.Unauthorized), (call, await SendAsync(site, call, null)));
            Assert.Equal((call, HttpStatusCode.Forbidden), (call, await SendAsync(site, call, "stranger")));
            Assert.Equal((call, isRead), (call, Entered(await SendAsync(site, call, "reader"))));
            Assert.Equal((call, true), (call, Entered(await SendAsync(site, call, "operator"))));
        }
    }

    [Fact]
    public async Task Without_policies_nobody_gets_in_outside_Development()
    {
        await using var site = await Site.StartAsync("Staging");

        foreach (var call in Guarded(site))
        {
            Assert.Equal((call, HttpStatusCode.Unauthorized), (call, await SendAsync(site, call, null)));
            Assert.Equal((call, HttpStatusCode.Forbidden), (call, await SendAsync(site, call, "operator")));
        }

        Assert.Single(site.Log, line => line.Contains("[4000]", StringComparison.Ordinal) && line.Contains("Millrace:ReadPolicy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_policies_callers_on_this_machine_get_in_in_Development()
    {
        await using var site = await Site.StartAsync("Development");

        foreach (var call in Guarded(site))
        {
            Assert.Equal((call, true), (call, Entered(await SendAsync(site, call, null))));
        }
    }

    [Theory]
    [InlineData("X-Test-Remote", "203.0.113.9")]
    [InlineData("X-Test-Remote", "none")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("X-Real-IP", "127.0.0.1")]
    [InlineData("X-Original-For", "127.0.0.1:80")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("Host", "rebound.example")]
    public async Task Development_is_closed_to_callers_from_elsewhere(string header, string value)
    {
        await using var site = await Site.StartAsync("Development");

        foreach (var call in Guarded(site))
        {
            Assert.Equal((call, HttpStatusCode.Unauthorized), (call, await SendAsync(site, call, null, (header, value))));
        }
    }

    [Fact]
    public async Task With_a_read_policy_alone_nobody_operates_not_even_in_Development()
    {
        await using var site = await Site.StartAsync("Production", new Dictionary<string, string?> { ["Millrace:ReadPolicy"] = Site.Readers });

        foreach (var call in Guarded(site))
        {
            Assert.Equal((call, call.Level == AccessLevel.Read), (call, Entered(await SendAsync(site, call, "operator"))));
        }
    }

    [Fact]
    public async Task Whoever_may_operate_may_read()
    {
        await using var site = await Site.StartAsync(settings: new Dictionary<string, string?> { ["Millrace:OperatePolicy"] = Site.Operators });

        foreach (var call in Guarded(site))
        {
            Assert.Equal((call, true), (call, Entered(await SendAsync(site, call, "operator"))));
            Assert.Equal((call, HttpStatusCode.Forbidden), (call, await SendAsync(site, call, "reader")));
        }
    }

    [Fact]
    public async Task Authorization_that_the_application_adds_opens_all_of_it()
    {
        await using var site = await Site.StartAsync(map: app => app.MapMillrace().RequireAuthorization(Site.Operators));

        foreach (var call in Guarded(site))
        {
            Assert.Equal((call, true), (call, Entered(await SendAsync(site, call, "operator"))));
            Assert.Equal((call, HttpStatusCode.Forbidden), (call, await SendAsync(site, call, "stranger")));
            Assert.Equal((call, HttpStatusCode.Unauthorized), (call, await SendAsync(site, call, null)));
        }

        using var client = site.Client();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task AllowAnonymous_opens_nothing()
    {
        await using var site = await Site.StartAsync(settings: Site.Opened, map: app => app.MapMillrace().AllowAnonymous());

        foreach (var call in Guarded(site))
        {
            Assert.Equal((call, HttpStatusCode.Unauthorized), (call, await SendAsync(site, call, null)));
        }
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("X-Millrace-Request", "0")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Origin", "null")]
    public async Task No_other_site_can_operate(string? header, string? value)
    {
        await using var site = await Site.StartAsync("Development");

        foreach (var call in Guarded(site).Where(c => c.Level == AccessLevel.Operate))
        {
            using var client = site.Client(operates: header is not null && header != "X-Millrace-Request");
            using var request = Request(call);
            if (header is not null)
            {
                request.Headers.TryAddWithoutValidation(header, value);
            }

            using var response = await client.SendAsync(request);
            Assert.Equal((call, HttpStatusCode.Forbidden), (call, response.StatusCode));
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task The_dashboards_own_origin_operates()
    {
        await using var site = await Site.StartAsync("Development");
        using var client = site.Client();
        client.DefaultRequestHeaders.Add("Origin", site.Address.GetLeftPart(UriPartial.Authority));
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");

        using var response = await client.PostAsync("/api/cache/invalidate", new StringContent("{\"all\":true}", Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static List<RouteEndpoint> Endpoints(Site site) =>
        [.. ((IEndpointRouteBuilder)site.App).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];

    /// <summary>Every guarded endpoint there is, whoever adds one, with each of its methods.</summary>
    private static List<Call> Guarded(Site site) =>
    [
        .. from endpoint in Endpoints(site)
           let access = endpoint.Metadata.GetMetadata<AccessMetadata>()
           where access is not null
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
           select new Call(method, Path(endpoint), access.Level),
    ];

    private static string Path(RouteEndpoint endpoint) =>
        "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => segment.IsSimple && segment.Parts[0] is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : "none-such"));

    private static bool Entered(HttpStatusCode status) => status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden);

    private static async Task<HttpStatusCode> SendAsync(Site site, Call call, string? user, (string Name, string Value)? header = null)
    {
        using var client = site.Client(user);
        using var request = Request(call);
        if (header is { } extra)
        {
            request.Headers.TryAddWithoutValidation(extra.Name, extra.Value);
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.StatusCode;
    }

    private static HttpRequestMessage Request(Call call) => new(new HttpMethod(call.Method), call.Path)
    {
        Content = call.Level == AccessLevel.Operate ? new StringContent("{}", Encoding.UTF8, "application/json") : null,
    };

    private sealed record Call(string Method, string Path, AccessLevel Level);
}
