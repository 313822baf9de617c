using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Township.Modules.Accounts;

namespace Township.Tests.Platform;

public sealed class ErrorTests
{
    [Fact]
    public async Task An_unknown_page_is_a_designed_404_page()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        foreach (var path in new[] { "/no-such-page", "/people/no-such-person", "/people/A%20B", "/error/404" })
        {
            using var response = await visitor.GetAsync(path);
            var page = await response.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
            Assert.Contains("Nothing at this address", page, StringComparison.Ordinal);
            Assert.Contains("site-header", page, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("GET", "/api/no-such-thing", null, 404)]
    [InlineData("GET", "/api/accounts/me", null, 401)]
    [InlineData("GET", "/api/accounts/me", "not-a-token", 401)]
    [InlineData("POST", "/api/notifications/read", null, 401)]
    [InlineData("GET", "/api/township/stats", null, 401)]
    [InlineData("DELETE", "/api/accounts/token", null, 405)]
    public async Task The_api_answers_problem_details(string method, string path, string? bearer, int status)
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        using var response = await visitor.SendAsync(new HttpMethod(method), path, bearer: bearer);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(status, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task What_only_operators_may_see_is_403_for_residents()
    {
        await using var host = await TownshipHost.StartAsync();
        using var resident = host.Visit();
        using var operating = host.Visit();
        await resident.SignInAsync();
        await operating.SignInAsync(DemoAccounts.OperatorEmail);

        using var refused = await resident.SendAsync(HttpMethod.Get, "/api/township/stats");
        using var allowed = await operating.SendAsync(HttpMethod.Get, "/api/township/stats");

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        var stats = await allowed.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(stats.GetProperty("requests").GetInt64() > 0);
        Assert.True(stats.GetProperty("queriesInRequests").GetInt64() > 0);
    }

    [Fact]
    public async Task A_body_that_is_not_JSON_is_a_400_with_problem_details()
    {
        await using var host = await TownshipHost.StartAsync();
        using var client = new HttpClient { BaseAddress = host.Address };

        using var response = await client.PostAsync(
            "/api/accounts/token", new StringContent("{not json", System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotContain("   at ", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("Production")]
    public async Task A_failure_tells_the_client_a_reference_and_nothing_of_the_code(string environment)
    {
        await using var host = await TownshipHost.StartAsync(
            environment: environment, configure: builder => builder.Services.AddSingleton<IStartupFilter, FailingEndpoints>());
        using var visitor = host.Visit();

        foreach (var path in new[] { "/fails", "/api/fails" })
        {
            using var response = await visitor.GetAsync(path);
            var text = await response.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
            Assert.Contains("eference", text, StringComparison.Ordinal);
            Assert.DoesNotContain("secret-detail", text, StringComparison.Ordinal);
            Assert.DoesNotContain("InvalidOperationException", text, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_answer_carries_the_security_headers_and_no_page_has_inline_scripts_or_styles()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();
        await visitor.SignInAsync();

        foreach (var path in new[] { "/", "/account", "/account/preferences", "/account/security", "/notifications", "/api/accounts/me" })
        {
            using var response = await visitor.GetAsync(path);
            var text = await response.Content.ReadAsStringAsync();
            var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.DoesNotContain(" style=\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>", text, StringComparison.Ordinal);
        }
    }

    /// <summary>Puts two addresses that fail behind everything else.</summary>
    private sealed class FailingEndpoints : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            next(app);
            app.Run(context => context.Request.Path.Value!.EndsWith("/fails", StringComparison.Ordinal)
                ? throw new InvalidOperationException("secret-detail")
                : Task.CompletedTask);
        };
    }
}
