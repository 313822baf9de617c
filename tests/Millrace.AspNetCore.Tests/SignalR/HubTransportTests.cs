using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Routing;

namespace Millrace.AspNetCore.Tests.SignalR;

/// <summary>The transports that SignalR falls back to where web sockets do not pass.</summary>
[Trait("req", "R-01")]
public sealed class HubTransportTests
{
    private const string Subscribe = """{"type":1,"invocationId":"1","target":"Subscribe","arguments":["user:ann"]}""";

    [Fact]
    public async Task Server_sent_events_carry_publications()
    {
        await using var host = await StartAsync();
        using var http = Client(host);
        var address = await NegotiateAsync(http);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(HubHost.Guard);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());

        await SendAsync(http, address, """{"protocol":"json","version":1}""");
        await SendAsync(http, address, Subscribe);
        await host.UntilAsync(static s => s.Subscriptions == 1);
        await host.Channels.PublishAsync("user:ann", "hello");

        await ReadUntilAsync(async () => await events.ReadLineAsync() ?? "", "\"data\":\"hello\"");
    }

    [Fact]
    public async Task Long_polling_carries_publications()
    {
        await using var host = await StartAsync();
        using var http = Client(host);
        var address = await NegotiateAsync(http);
        var first = http.GetStringAsync(address); // the first poll opens the connection

        await SendAsync(http, address, """{"protocol":"json","version":1}""");
        await first.WaitAsync(HubHost.Guard);
        await SendAsync(http, address, Subscribe);
        await host.UntilAsync(static s => s.Subscriptions == 1);
        await host.Channels.PublishAsync("user:ann", "hello");

        await ReadUntilAsync(() => http.GetStringAsync(address), "\"data\":\"hello\"");
    }

    [Fact]
    public async Task SignalR_itself_ends_expired_connections_too()
    {
        var closes = new List<bool>();
        await using var host = await HubHost.StartAsync(map: app =>
        {
            app.MapMillraceHub();
            closes.AddRange(((IEndpointRouteBuilder)app).DataSources.SelectMany(static source => source.Endpoints)
                .Select(static endpoint => endpoint.Metadata.GetMetadata<HttpConnectionDispatcherOptions>())
                .OfType<HttpConnectionDispatcherOptions>().Select(static options => options.CloseOnAuthenticationExpiration));
        });

        Assert.NotEmpty(closes);
        Assert.All(closes, Assert.True);
    }

    private static Task<HubHost> StartAsync() =>
        HubHost.StartAsync(static r => r.AddChannel("user:{id}", static c => c.Authorize(static access => access["id"] == access.UserId)));

    private static HttpClient Client(HubHost host)
    {
        var http = new HttpClient { BaseAddress = host.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "ann");
        return http;
    }

    private static async Task<string> NegotiateAsync(HttpClient http)
    {
        using var response = await http.PostAsync("/millrace/hub/negotiate?negotiateVersion=1", content: null);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return "/millrace/hub?id=" + json.RootElement.GetProperty("connectionToken").GetString();
    }

    private static async Task SendAsync(HttpClient http, string address, string frame)
    {
        using var content = new StringContent(frame + "\u001e");
        using var response = await http.PostAsync(address, content).WaitAsync(HubHost.Guard);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
    }

    private static async Task ReadUntilAsync(Func<Task<string>> read, string wished)
    {
        using var guard = new CancellationTokenSource(HubHost.Guard);
        while (!(await read().WaitAsync(guard.Token)).Contains(wished, StringComparison.Ordinal))
        {
            guard.Token.ThrowIfCancellationRequested();
        }
    }
}
