using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Township.Modules.Accounts;

namespace Township.Tests;

/// <summary>A browser in the small: keeps cookies, fills forms with the token that the page gave, follows nothing by itself.</summary>
internal sealed partial class Visitor : IDisposable
{
    private readonly HttpClient _client;

    public Visitor(Uri address)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies };
        _client = new HttpClient(handler) { BaseAddress = address };
    }

    public CookieContainer Cookies { get; } = new();

    public string? SessionToken => Cookies.GetCookies(_client.BaseAddress!)["township_session"]?.Value;

    public Task<HttpResponseMessage> GetAsync(string path) => _client.GetAsync(path);

    public async Task<string> ReadAsync(string path)
    {
        using var response = await _client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Opens the page at <paramref name="path"/>, fills in its form and sends it.</summary>
    public async Task<HttpResponseMessage> SendFormAsync(string path, Dictionary<string, string> fields, string? action = null)
    {
        var page = await ReadAsync(path);
        var token = FormToken().Match(page);
        Assert.True(token.Success, $"The page {path} has no form.");
        return await SendRawFormAsync(action ?? path, new Dictionary<string, string>(fields)
        {
            ["__RequestVerificationToken"] = token.Groups["token"].Value,
        });
    }

    public Task<HttpResponseMessage> SendRawFormAsync(string path, Dictionary<string, string> fields) =>
        _client.PostAsync(path, new FormUrlEncodedContent(fields));

    /// <summary>Calls the API as a script of our own pages does.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, object? body = null, string? bearer = null, bool sameOrigin = true)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        if (bearer is not null)
        {
            request.Headers.Authorization = new("Bearer", bearer);
        }

        if (sameOrigin)
        {
            request.Headers.Add("Origin", _client.BaseAddress!.GetLeftPart(UriPartial.Authority));
        }

        return await _client.SendAsync(request);
    }

    /// <summary>Signs in with the demo resident's account, or another one.</summary>
    public async Task SignInAsync(string email = DemoAccounts.ResidentEmail, string password = DemoAccounts.Password)
    {
        using var response = await SendFormAsync(
            "/login", new Dictionary<string, string> { ["Input.Email"] = email, ["Input.Password"] = password });
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
    }

    public void Dispose() => _client.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\" type=\"hidden\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FormToken();
}
