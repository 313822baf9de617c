using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Millrace.AspNetCore.Tests.Hosting;
using Millrace.Caching;
using Millrace.TestKit;

namespace Millrace.AspNetCore.Tests.DropIns;

/// <summary>ASP.NET Core's session state on a cache of ours, through a real server and a browser's cookies.</summary>
[Trait("req", "C-22")]
public sealed class SessionTests
{
    [Fact]
    public async Task A_session_keeps_what_its_visitor_put_there_and_no_other_visitor_sees_it()
    {
        await using var site = await StartAsync(new FakeClock());
        using var anna = Visitor(site);
        using var ben = Visitor(site);
        Assert.Equal("1", await anna.GetStringAsync("/count"));
        Assert.Equal("2", await anna.GetStringAsync("/count"));
        Assert.Equal("1", await ben.GetStringAsync("/count"));
        Assert.Equal("3", await anna.GetStringAsync("/count"));
        Assert.Equal(2, Sessions(site).Entries);
        await anna.GetStringAsync("/leave");
        Assert.Equal("1", await anna.GetStringAsync("/count"));
    }

    [Fact]
    public async Task A_session_slides_with_its_visits_and_ends_without_them()
    {
        var clock = new FakeClock();
        await using var site = await StartAsync(clock);
        using var anna = Visitor(site);
        await anna.GetStringAsync("/count");
        for (var i = 2; i < 5; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(8));
            Assert.Equal($"{i}", await anna.GetStringAsync("/count"));
        }

        clock.Advance(TimeSpan.FromMinutes(8));
        Assert.Equal("4", await anna.GetStringAsync("/peek")); // a visit that changes nothing counts too
        clock.Advance(TimeSpan.FromMinutes(8));
        Assert.Equal("4", await anna.GetStringAsync("/peek"));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("none", await anna.GetStringAsync("/peek"));
        Assert.Equal("1", await anna.GetStringAsync("/count"));
    }

    [Fact]
    public async Task Many_visitors_at_once_each_have_their_own()
    {
        await using var site = await StartAsync(new FakeClock());
        var counts = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var visitor = Visitor(site);
            await visitor.GetStringAsync("/count");
            await visitor.GetStringAsync("/count");
            return await visitor.GetStringAsync("/count");
        }));
        Assert.All(counts, count => Assert.Equal("3", count));
    }

    private static CacheStatistics Sessions(Site site) => site.Get<CacheRegistry>().Get("sessions").GetStatistics();

    private static HttpClient Visitor(Site site) =>
        new(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = site.Address, Timeout = TimeSpan.FromSeconds(30) };

    private static Task<Site> StartAsync(FakeClock clock) => Site.StartAsync(
        build: builder =>
        {
            builder.Services.AddMillraceDistributedCache("sessions");
            builder.Services.AddSingleton<TimeProvider>(clock);
            builder.Services.AddSession(options => options.IdleTimeout = TimeSpan.FromMinutes(10));
        },
        map: app =>
        {
            app.UseSession();
            app.MapGet("/count", (HttpContext context) =>
            {
                var count = (context.Session.GetInt32("count") ?? 0) + 1;
                context.Session.SetInt32("count", count);
                return $"{count}";
            });
            app.MapGet("/peek", (HttpContext context) => context.Session.GetInt32("count")?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none");
            app.MapGet("/leave", (HttpContext context) => context.Session.Clear());
        });
}
