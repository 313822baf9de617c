using System.Net.Http.Json;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Tests.SignalR;

[Trait("req", "R-01")]
public sealed class HubLoginTests
{
    [Fact]
    public async Task Without_a_sign_in_the_connection_is_closed_with_a_reason()
    {
        await using var host = await HubHost.StartAsync(Open);
        await using var client = await RawClient.ConnectAsync(host.HubAddress, token: null);

        Assert.Equal("Sign in first: this hub takes no anonymous connections.", await client.ReadToCloseAsync());
        Assert.Equal(0, host.Channels.GetStatistics().Connections);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failed_sign_in_closes_with_a_reason_even_where_anonymous_clients_may_connect(bool allowAnonymous)
    {
        await using var host = await HubHost.StartAsync(Open, hub => hub.AllowAnonymousConnections = allowAnonymous);
        await using var client = await RawClient.ConnectAsync(host.HubAddress, token: "bad");

        Assert.Equal("The sign-in was not accepted: the token is invalid or has expired.", await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task Anonymous_clients_connect_where_the_option_says_so_and_each_channel_still_decides()
    {
        await using var host = await HubHost.StartAsync(
            static r => r.AddChannel("open", static c => c.AllowAnyone()).AddChannel("closed", static c => c.AllowAuthenticated()),
            static hub => hub.AllowAnonymousConnections = true);
        await using var client = await host.ConnectAsync(token: null);

        await client.Hub.InvokeAsync("Subscribe", "open");
        await Assert.ThrowsAsync<HubException>(() => client.Hub.InvokeAsync("Subscribe", "closed"));
        await host.Channels.PublishAsync("open", "hello");

        Assert.Contains("hello", await client.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_live_connection_ends_with_its_sign_in()
    {
        await using var host = await HubHost.StartAsync(Open);
        var expires = (host.Clock.GetUtcNow() + TimeSpan.FromHours(1)).ToUnixTimeSeconds();
        await using var expiring = await host.JoinAsync("open", $"ann~{expires}");
        await using var lasting = await host.JoinAsync("open", "bob");

        host.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));

        Assert.Contains("The sign-in has expired", await expiring.ClosedAsync(), StringComparison.Ordinal);
        await host.UntilAsync(static s => s.Connections == 1);
        await host.Channels.PublishAsync("open", "still here");
        Assert.Contains("still here", await lasting.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_in_the_query_string_counts_on_the_hubs_path_only_and_goes_no_further()
    {
        string? seen = null;
        await using var host = await HubHost.StartAsync(
            static r => r.AddChannel("user:{id}", static c => c.Authorize(static access => access["id"] == access.UserId)),
            map: app =>
            {
                app.Use((context, next) =>
                {
                    seen = context.Request.Path == "/v1/live" ? context.Request.QueryString.Value : seen;
                    return next(context);
                });
                app.MapGroup("/v1").MapMillraceHub("/live"); // the path counts, wherever the hub is mapped
            });
        var hub = new UriBuilder(host.Address) { Scheme = "ws", Path = "/v1/live", Query = "access_token=ann&v=2" }.Uri;

        await using var client = await RawClient.ConnectAsync(hub, token: null);
        await client.InvokeAsync(1, "Subscribe", "user:ann");
        Assert.Equal("""{"type":3,"invocationId":"1","result":null}""", await client.NextAsync());
        Assert.Equal("?v=2", seen);

        using var http = new HttpClient { BaseAddress = host.Address };
        Assert.Equal(" ?access_token=ann", await http.GetStringAsync("/who?access_token=ann"));
    }

    [Fact]
    public async Task The_query_tokens_can_be_turned_off()
    {
        await using var host = await HubHost.StartAsync(Open, static hub => hub.AcceptQueryToken = false);
        await using var client = await RawClient.ConnectAsync(new UriBuilder(host.HubAddress) { Query = "access_token=ann" }.Uri, token: null);

        Assert.StartsWith("Sign in first", await client.ReadToCloseAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_browser_on_another_origin_is_refused_unless_a_CORS_policy_lets_it_in()
    {
        await using var closed = await HubHost.StartAsync(Open);
        await using var open = await HubHost.StartAsync(
            Open,
            services: static services => services.AddCors(),
            map: static app =>
            {
                app.UseCors();
                app.MapMillraceHub().RequireCors(static cors => cors.WithOrigins("https://app.example").AllowAnyHeader().AllowAnyMethod().AllowCredentials());
            });

        var error = await Assert.ThrowsAsync<WebSocketException>(() => RawClient.ConnectAsync(closed.HubAddress, origin: "https://app.example"));
        Assert.Contains("403", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<WebSocketException>(() => RawClient.ConnectAsync(closed.HubAddress, origin: "null"));
        await Assert.ThrowsAsync<WebSocketException>(() => RawClient.ConnectAsync(open.HubAddress, origin: "https://evil.example"));
        await using var own = await RawClient.ConnectAsync(closed.HubAddress, origin: closed.Address.ToString().TrimEnd('/'));
        await using var allowed = await RawClient.ConnectAsync(open.HubAddress, origin: "https://app.example");

        using var http = new HttpClient { BaseAddress = open.Address };
        using var negotiate = new HttpRequestMessage(HttpMethod.Post, "/millrace/hub/negotiate?negotiateVersion=1");
        negotiate.Headers.Add("Origin", "https://app.example");
        using var response = await http.SendAsync(negotiate);
        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal(["https://app.example"], response.Headers.GetValues("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task The_endpoint_takes_ordinary_conventions()
    {
        await using var host = await HubHost.StartAsync(Open, map: static app => app.MapMillraceHub().RequireAuthorization());

        var error = await Assert.ThrowsAsync<WebSocketException>(() => RawClient.ConnectAsync(host.HubAddress, token: null));

        Assert.Contains("401", error.Message, StringComparison.Ordinal);
    }

    private static void Open(RealtimeBuilder realtime) => realtime.AddChannel("open", static c => c.AllowAnyone());
}
