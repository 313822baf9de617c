using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Millrace.Load;

/// <summary>Who visits: one in four of the log's clients is signed in as the demo resident, the others are guests.</summary>
internal sealed partial class Visitors : IDisposable
{
    // Made for trying Township out and printed at its start; they exist outside production only.
    private const string Resident = "resident@township.example";
    private const string Operator = "operator@township.example";
    private const string Password = "try-township-2026";

    private readonly HttpClient _guest;
    private readonly HttpClient _resident;
    private readonly HttpClient _api;
    private readonly HttpClient _operator;

    private Visitors(Uri address)
    {
        (_guest, _resident, _api, _operator) = (Client(address, null), Client(address, new CookieContainer()), Client(address, null), Client(address, null));
    }

    public static async Task<Visitors> ArriveAsync(Uri address, CancellationToken cancellationToken)
    {
        var visitors = new Visitors(address);
        await visitors.SignInAsync(cancellationToken);
        visitors._api.DefaultRequestHeaders.Authorization = await visitors.TokenAsync(Resident, cancellationToken);
        visitors._operator.DefaultRequestHeaders.Authorization = await visitors.TokenAsync(Operator, cancellationToken);
        return visitors;
    }

    /// <summary>Sends a logged request, mapped, as the one who sent it.</summary>
    public Task<HttpResponseMessage> SendAsync(LoggedRequest request, CancellationToken cancellationToken)
    {
        if (request.Method == "POST")
        {
            return VoteAsync(request.Path, cancellationToken);
        }

        var client = Fnv1a.Hash(request.Client) % 4 == 0 ? _resident : _guest;
        var message = new HttpRequestMessage(new HttpMethod(request.Method), TownshipPaths.PageFor(request.Path));
        return client.SendAsync(message, HttpCompletionOption.ResponseContentRead, cancellationToken);
    }

    /// <summary>Reads one of the operators' JSON documents.</summary>
    public async Task<JsonElement> ReadAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _operator.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    public void Dispose()
    {
        _guest.Dispose();
        _resident.Dispose();
        _api.Dispose();
        _operator.Dispose();
    }

    private static HttpClient Client(Uri address, CookieContainer? cookies)
    {
        var handler = new SocketsHttpHandler { UseCookies = cookies is not null, AllowAutoRedirect = false };
        if (cookies is not null)
        {
            handler.CookieContainer = cookies;
        }

        return new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
    }

    private async Task<HttpResponseMessage> VoteAsync(string loggedPath, CancellationToken cancellationToken)
    {
        var vote = TownshipPaths.VoteFor(loggedPath);
        var question = await _api.GetFromJsonAsync<JsonElement>(vote[..vote.LastIndexOf('/')], cancellationToken);
        var option = question.GetProperty("options")[0].GetProperty("id").GetString();
        return await _api.PutAsJsonAsync(new Uri(vote, UriKind.Relative), new { optionId = option }, cancellationToken);
    }

    private async Task SignInAsync(CancellationToken cancellationToken)
    {
        var page = await _resident.GetStringAsync(new Uri("/login", UriKind.Relative), cancellationToken);
        var token = AntiforgeryField().Match(page).Groups["token"].Value;
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Input.Email"] = Resident,
            ["Input.Password"] = Password,
            ["__RequestVerificationToken"] = token,
        });
        using var response = await _resident.PostAsync(new Uri("/login", UriKind.Relative), form, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Redirect)
        {
            throw new InvalidOperationException($"The demo resident could not sign in: {(int)response.StatusCode}.");
        }
    }

    private async Task<AuthenticationHeaderValue> TokenAsync(string email, CancellationToken cancellationToken)
    {
        using var response = await _guest.PostAsJsonAsync(new Uri("/api/accounts/token", UriKind.Relative), new { email, password = Password }, cancellationToken);
        response.EnsureSuccessStatusCode();
        var issued = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return new AuthenticationHeaderValue("Bearer", issued.GetProperty("token").GetString());
    }

    [GeneratedRegex(@"name=""__RequestVerificationToken""[^>]*value=""(?<token>[^""]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AntiforgeryField();
}
