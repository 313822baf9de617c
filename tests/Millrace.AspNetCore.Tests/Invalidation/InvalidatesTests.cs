using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Millrace.AspNetCore.Invalidation;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Caching;

namespace Millrace.AspNetCore.Tests.Invalidation;

[Trait("req", "H-02")]
public sealed class InvalidatesTests
{
    [Theory]
    [InlineData("POST", "/ok/1", 200, true)]
    [InlineData("PUT", "/ok/1", 200, true)]
    [InlineData("PATCH", "/ok/1", 200, true)]
    [InlineData("DELETE", "/ok/1", 200, true)]
    [InlineData("GET", "/ok/1", 200, false)]
    [InlineData("POST", "/ok/2", 200, false)]
    [InlineData("POST", "/status/1/204", 204, true)]
    [InlineData("POST", "/status/1/302", 302, true)]
    [InlineData("POST", "/status/1/400", 400, false)]
    [InlineData("POST", "/status/1/404", 404, false)]
    [InlineData("POST", "/status/1/500", 500, false)]
    [InlineData("POST", "/throws/1", 500, false)]
    [InlineData("POST", "/redirects-after-throw/1", 302, false)]
    [InlineData("POST", "/group/1/x", 200, true)]
    [InlineData("POST", "/lambda/1", 200, true)]
    [InlineData("POST", "/edit/1", 302, true)]
    [InlineData("POST", "/edit/1?handler=Rename", 302, true)]
    [InlineData("POST", "/edit/1?handler=Fail", 500, false)]
    [InlineData("PUT", "/mvc/1", 204, true)]
    [InlineData("PUT", "/mvc/13", 409, false)]
    public async Task Only_a_write_that_succeeded_invalidates(string method, string path, int status, bool invalidates)
    {
        await using var site = await StartAsync();
        var cache = site.Get<Cache>();
        await cache.SetAsync("k", "v", CachePolicies.Short, ["tag:1", "page:1", "mvc:1", "mvc:13"]);
        using var client = site.Client();

        using var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(!invalidates, cache.TryGet<string>("k", out _));
    }

    [Theory]
    [InlineData("/edit/1?handler=Rename", true)]
    [InlineData("/edit/1", false)]
    public async Task An_attribute_on_a_page_handler_counts_for_that_handler(string path, bool invalidates)
    {
        await using var site = await StartAsync();
        var cache = site.Get<Cache>();
        await cache.SetAsync("k", "v", CachePolicies.Short, ["handler:1"]);
        using var client = site.Client();

        using var response = await client.PostAsync(path, null);

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal(!invalidates, cache.TryGet<string>("k", out _));
    }

    [Fact]
    public async Task Keys_are_removed_too()
    {
        await using var site = await StartAsync();
        var cache = site.Get<Cache>();
        await cache.SetAsync("mvc:1:key", "v", CachePolicies.Short);
        await cache.SetAsync("mvc:2:key", "v", CachePolicies.Short);
        using var client = site.Client();

        using var response = await client.PutAsync("/mvc/1", null);

        Assert.False(cache.TryGet<string>("mvc:1:key", out _));
        Assert.True(cache.TryGet<string>("mvc:2:key", out _));
    }

    [Fact]
    public async Task Whoever_has_seen_the_first_byte_of_the_answer_reads_fresh_and_so_after_the_last()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var site = await StartAsync(app => app.MapPost("/streams/{id}", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("first");
            await context.Response.Body.FlushAsync();
            await goOn.Task; // the write to the database ends here
            await context.Response.WriteAsync("last");
        }).Invalidates("tag:{id}"));
        var cache = site.Get<Cache>();
        await cache.SetAsync("k", "old", CachePolicies.Short, ["tag:1"]);
        using var client = site.Client();

        using var response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/streams/1"), HttpCompletionOption.ResponseHeadersRead);
        Assert.False(cache.TryGet<string>("k", out _), "fresh as soon as the answer began");
        await cache.SetAsync("k", "read between the first byte and the end of the write", CachePolicies.Short, ["tag:1"]);
        goOn.SetResult();
        await response.Content.ReadAsStringAsync();

        // The server runs the second invalidation after its last byte; the next request on the connection comes after it.
        using var next = await client.PostAsync("/ok/9", new StringContent("", Encoding.UTF8));
        Assert.False(cache.TryGet<string>("k", out _), "fresh once more after the end");
    }

    [Fact]
    public async Task A_route_value_that_is_missing_is_an_error_in_the_log_and_the_rest_is_invalidated()
    {
        await using var site = await StartAsync(app => app.MapPost("/optional/{id?}", () => "ok").Invalidates("tag:{id}", "all"));
        var cache = site.Get<Cache>();
        await cache.SetAsync("k", "v", CachePolicies.Short, ["all"]);
        using var client = site.Client();

        using var response = await client.PostAsync("/optional", null);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(cache.TryGet<string>("k", out _));
        Assert.Contains(site.Log, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("'tag:{id}' needs the route value 'id'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_route_that_cannot_have_the_value_is_refused_at_start()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(app => app.MapPost("/projects", () => "ok").Invalidates("project:{id}")));

        Assert.Contains("'project:{id}' needs the route value 'id', which the route '/projects' does not have", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_that_is_not_registered_is_refused_at_start()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            StartAsync(app => app.MapPost("/projects", [Invalidates(Cache = "nowhere", Tags = ["a"])] () => "ok")));

        Assert.Contains("names the cache 'nowhere'", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("project:{id", "braces")]
    [InlineData("project:}", "braces")]
    [InlineData("project:{}", "braces")]
    [InlineData("project:{a b}", "braces")]
    [InlineData("", "1 to 512")]
    public void A_malformed_template_is_refused(string template, string why)
    {
        _ = why;
        Assert.Throws<ArgumentException>(() => Template.Parse(template));
    }

    [Fact]
    public void Doubled_braces_are_braces()
    {
        Assert.True(Template.Parse("a{{b}}:{id}:{ID}").TryExpand(new() { ["id"] = 7 }, out var text, out _));
        Assert.Equal("a{b}:7:7", text);
    }

    private static Task<Site> StartAsync(Action<WebApplication>? more = null) => Site.StartAsync(
        build: builder =>
        {
            builder.Services.AddRazorPages().AddApplicationPart(typeof(InvalidatesTests).Assembly);
            builder.Services.AddControllers().AddApplicationPart(typeof(InvalidatesTests).Assembly);
        },
        map: app =>
        {
            app.UseExceptionHandler(errors => errors.Run(context =>
            {
                if (context.Features.Get<IExceptionHandlerPathFeature>()?.Path.StartsWith("/redirects", StringComparison.Ordinal) == true)
                {
                    context.Response.Redirect("/sorry");
                }

                return Task.CompletedTask;
            }));
            app.MapMethods("/ok/{id}", ["GET", "POST", "PUT", "PATCH", "DELETE"], (int id) => Results.Json(new { id })).Invalidates("tag:{id}");
            app.MapPost("/status/{id}/{status}", (int status) => Results.StatusCode(status)).Invalidates("tag:{id}");
            app.MapPost("/throws/{id}", string () => throw new InvalidOperationException("on purpose")).Invalidates("tag:{id}");
            app.MapPost("/redirects-after-throw/{id}", string () => throw new InvalidOperationException("on purpose")).Invalidates("tag:{id}");
            app.MapGroup("/group/{id}").Invalidates("tag:{id}").MapPost("/x", () => "ok");
            app.MapPost("/lambda/{id}", [Invalidates(Tags = ["tag:{id}"])] () => "ok");
            app.MapRazorPages();
            app.MapControllers();
            more?.Invoke(app);
        });
}
