using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Township.Modules.Accounts;
using Township.Platform.Data;

namespace Township.Tests.Accounts;

[Trait("req", "T-01")]
public sealed partial class RegistrationTests(PostgresFixture postgres)
{
    private const string Password = "a mill by the river";

    [Theory]
    [InlineData("SQLite")]
    [InlineData("PostgreSQL")]
    public async Task A_resident_registers_confirms_by_mail_signs_in_edits_the_profile_and_signs_out(string kind)
    {
        await using var host = await TownshipHost.StartAsync(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Township"] = kind == "SQLite" ? null : await postgres.CreateDatabaseAsync(),
        });
        using var visitor = host.Visit();

        using var registered = await RegisterAsync(visitor, "Ada Wheeler", "ada@township.example");
        Assert.Equal("/register/sent", registered.Headers.Location!.ToString());
        using (var early = await SignInAsync(visitor, "ada@township.example", Password))
        {
            Assert.Contains("do not go together", await early.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        var link = TownshipHost.LinkIn(await host.WaitForMailAsync("ada@township.example", "/confirm?token="), "/confirm");
        using var confirmed = await visitor.SendFormAsync(link, new Dictionary<string, string> { ["Token"] = TokenOf(link) }, "/confirm");
        Assert.Equal("/login", confirmed.Headers.Location!.ToString());
        Assert.Contains("does not work", await visitor.ReadAsync(link), StringComparison.Ordinal);
        Assert.Contains("Welcome to Township", await host.WaitForMailAsync("ada@township.example", "your address is confirmed"), StringComparison.Ordinal);

        using var signedIn = await SignInAsync(visitor, "ADA@township.example", Password);
        Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);
        Assert.Contains("Hello, Ada", await visitor.ReadAsync("/"), StringComparison.Ordinal);
        using var saved = await visitor.SendFormAsync("/account", new Dictionary<string, string>
        {
            ["Input.Name"] = "Ada <b>Wheeler</b>",
            ["Input.Bio"] = "Looks after the weir.",
        });
        Assert.Equal(HttpStatusCode.Redirect, saved.StatusCode);
        var account = await visitor.ReadAsync("/account");
        Assert.Contains("Your profile is saved.", account, StringComparison.Ordinal);
        Assert.Contains("Looks after the weir.", account, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>Wheeler</b>", account, StringComparison.Ordinal);

        using var signedOut = await visitor.SendFormAsync("/", [], "/logout");
        using var after = await visitor.GetAsync("/account");
        Assert.Equal(HttpStatusCode.Redirect, after.StatusCode);
    }

    [Fact]
    public async Task Bad_input_is_told_at_its_field()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        using var response = await visitor.SendFormAsync("/register", new Dictionary<string, string>
        {
            ["Input.Name"] = "A",
            ["Input.Email"] = "not an address",
            ["Input.Password"] = "short",
        });

        var page = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("id=\"Input_Name-error\">A name has 2 to 80 characters.", page, StringComparison.Ordinal);
        Assert.Contains("id=\"Input_Email-error\">Enter an e-mail address", page, StringComparison.Ordinal);
        Assert.Contains("id=\"Input_Password-error\">A password has 10 to 128 characters.", page, StringComparison.Ordinal);
        Assert.Contains("aria-describedby=\"Input_Email-error email-hint\"", page, StringComparison.Ordinal);
        Assert.Contains("value=\"not an address\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"short\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_without_its_token_is_refused()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();
        await visitor.SignInAsync();

        using var noToken = await visitor.SendRawFormAsync("/account", new Dictionary<string, string> { ["Input.Name"] = "Mallory" });
        using var logout = await visitor.SendRawFormAsync("/logout", []);

        Assert.Equal(HttpStatusCode.BadRequest, noToken.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, logout.StatusCode);
        Assert.Contains("Rosa Hill", await visitor.ReadAsync("/account"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_another_site_makes_carries_nobodys_rights()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();
        await visitor.SignInAsync();

        using var silent = await visitor.SendAsync(HttpMethod.Post, "/api/notifications/read", sameOrigin: false);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, "/api/notifications/read"));
        request.Headers.Add("Cookie", $"township_session={visitor.SessionToken}");
        request.Headers.Add("Origin", "https://evil.example");
        using var client = new HttpClient();
        using var foreign = await client.SendAsync(request);
        using var own = await visitor.SendAsync(HttpMethod.Post, "/api/notifications/read");

        Assert.Equal(HttpStatusCode.Unauthorized, silent.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, foreign.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, own.StatusCode);
    }

    [Fact]
    public async Task Answers_do_not_tell_who_has_an_account()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        using var known = await RegisterAsync(visitor, "Somebody", DemoAccounts.ResidentEmail);
        using var unknown = await RegisterAsync(visitor, "Somebody", "nobody@township.example");
        Assert.Equal(known.Headers.Location, unknown.Headers.Location);
        Assert.Contains("already has an account", await host.WaitForMailAsync(DemoAccounts.ResidentEmail, "tried to register"), StringComparison.Ordinal);

        var forgot = new List<string>();
        var login = new List<string>();
        foreach (var email in new[] { DemoAccounts.ResidentEmail, "stranger@township.example" })
        {
            using var reset = await visitor.SendFormAsync("/forgot-password", new Dictionary<string, string> { ["Email"] = email });
            forgot.Add(Blank(await reset.Content.ReadAsStringAsync(), email));
            using var wrong = await SignInAsync(visitor, email, "not the password");
            login.Add(Blank(await wrong.Content.ReadAsStringAsync(), email));
        }

        Assert.Single(forgot.Distinct());
        Assert.Single(login.Distinct());
    }

    [Fact]
    public async Task A_forgotten_password_is_replaced_by_mail_and_every_device_is_signed_out()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();
        using var other = host.Visit();
        await other.SignInAsync();

        using var asked = await visitor.SendFormAsync(
            "/forgot-password", new Dictionary<string, string> { ["Email"] = DemoAccounts.ResidentEmail });
        var link = TownshipHost.LinkIn(await host.WaitForMailAsync(DemoAccounts.ResidentEmail, "/reset-password?token="), "/reset-password");
        using var weak = await visitor.SendFormAsync(
            link, new Dictionary<string, string> { ["Token"] = TokenOf(link), ["Password"] = "short" }, "/reset-password");
        Assert.Contains("10 to 128 characters", await weak.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var set = await visitor.SendFormAsync(
            link, new Dictionary<string, string> { ["Token"] = TokenOf(link), ["Password"] = Password }, "/reset-password");

        Assert.Equal("/login", set.Headers.Location!.ToString());
        using var ended = await other.GetAsync("/account");
        Assert.Equal(HttpStatusCode.Redirect, ended.StatusCode);
        await visitor.SignInAsync(password: Password);
    }

    [Fact]
    public async Task Too_many_attempts_are_slowed_down()
    {
        await using var host = await TownshipHost.StartAsync(new Dictionary<string, string?> { ["Township:AccountAttemptsPerMinute"] = "3" });
        using var visitor = host.Visit();
        var codes = new List<HttpStatusCode>();

        for (var i = 0; i < 4; i++)
        {
            using var response = await SignInAsync(visitor, DemoAccounts.ResidentEmail, "guess number " + i);
            codes.Add(response.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], codes);
        using var api = await visitor.SendAsync(
            HttpMethod.Post, "/api/accounts/token", new { email = DemoAccounts.ResidentEmail, password = DemoAccounts.Password });
        Assert.Equal(HttpStatusCode.TooManyRequests, api.StatusCode);
    }

    [Fact]
    public async Task A_production_start_has_no_demo_accounts()
    {
        await using var host = await TownshipHost.StartAsync(environment: "Production");

        Assert.Equal(0, await host.Services.GetRequiredService<Database>().ScalarAsync<long>("select count(*) from users"));
    }

    [Fact]
    public async Task A_return_address_on_another_site_is_ignored()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        using var response = await visitor.SendFormAsync("/login", new Dictionary<string, string>
        {
            ["Input.Email"] = DemoAccounts.ResidentEmail,
            ["Input.Password"] = DemoAccounts.Password,
            ["ReturnUrl"] = "https://evil.example/",
        });

        Assert.Equal("/", response.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_return_address_beyond_ASCII_is_kept()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        using var response = await visitor.SendFormAsync("/login", new Dictionary<string, string>
        {
            ["Input.Email"] = DemoAccounts.ResidentEmail,
            ["Input.Password"] = DemoAccounts.Password,
            ["ReturnUrl"] = "/search?q=café%20🌳",
        });

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal("/search?q=caf%C3%A9%20%F0%9F%8C%B3", response.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("Eve\r\nBcc: x@evil.example", "eve@example.org")]
    [InlineData("E\u0007ve", "eve@example.org")]
    [InlineData("Eve", "e\u0007ve@example.org")]
    [InlineData("Eve", "<eve>@example.org")]
    public async Task A_name_or_address_that_cannot_stand_in_a_mail_is_refused_at_its_field(string name, string email)
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        using var response = await RegisterAsync(visitor, name, email);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(
            name == "Eve" ? "Enter an e-mail address like" : "A name is one line of text.",
            await response.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Input.Name", "a\0b")]
    [InlineData("status", "204")]
    public async Task A_form_that_cannot_be_read_or_names_a_status_is_refused_with_400(string field, string value)
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        using var response = await visitor.SendRawFormAsync("/register", new Dictionary<string, string> { [field] = value });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("That did not work", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> RegisterAsync(Visitor visitor, string name, string email) =>
        visitor.SendFormAsync("/register", new Dictionary<string, string>
        {
            ["Input.Name"] = name,
            ["Input.Email"] = email,
            ["Input.Password"] = Password,
        });

    private static Task<HttpResponseMessage> SignInAsync(Visitor visitor, string email, string password) =>
        visitor.SendFormAsync("/login", new Dictionary<string, string> { ["Input.Email"] = email, ["Input.Password"] = password });

    private static string TokenOf(string link) => link[(link.IndexOf('=', StringComparison.Ordinal) + 1)..];

    private static string Blank(string page, string email) =>
        FormToken().Replace(page.Replace(email, "", StringComparison.Ordinal), "");

    [GeneratedRegex("value=\"CfDJ8[^\"]*\"", RegexOptions.None, 5000)]
    private static partial Regex FormToken();
}
