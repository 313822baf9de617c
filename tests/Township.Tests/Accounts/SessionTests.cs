using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Millrace.TestKit;
using Township.Modules.Accounts;
using Township.Modules.Accounts.Links;
using Township.Modules.Accounts.Sessions;
using Township.Platform.Data;

namespace Township.Tests.Accounts;

[Trait("req", "T-01")]
public sealed class SessionTests
{
    [Fact]
    public async Task A_session_opens_the_account_until_it_is_signed_out()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        using var before = await visitor.GetAsync("/account");
        Assert.Equal("/login?returnUrl=%2Faccount", before.Headers.Location!.ToString());

        await visitor.SignInAsync();
        Assert.Contains("Rosa Hill", await visitor.ReadAsync("/account"), StringComparison.Ordinal);

        using var signedOut = await visitor.SendFormAsync("/", [], "/logout");
        Assert.Equal(HttpStatusCode.Redirect, signedOut.StatusCode);
        using var after = await visitor.GetAsync("/account");
        Assert.Equal(HttpStatusCode.Redirect, after.StatusCode);
    }

    [Fact]
    public async Task The_cookie_is_out_of_reach_of_scripts_and_other_sites_and_the_database_knows_only_its_hash()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();

        using var response = await visitor.SendFormAsync("/login", new Dictionary<string, string>
        {
            ["Input.Email"] = DemoAccounts.ResidentEmail,
            ["Input.Password"] = DemoAccounts.Password,
        });

        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"), value => value.StartsWith("township_session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        var hashes = await host.Services.GetRequiredService<Database>().QueryAsync<string>("select token_hash from sessions");
        Assert.DoesNotContain(visitor.SessionToken, hashes);
        Assert.Equal(64, Assert.Single(hashes).Length);
    }

    [Fact]
    public async Task A_revoked_session_and_its_tokens_end_at_once()
    {
        await using var host = await TownshipHost.StartAsync();
        using var here = host.Visit();
        using var there = host.Visit();
        await here.SignInAsync();
        await there.SignInAsync();
        var bearer = await TokenAsync(there);
        Assert.Contains("Rosa", await there.ReadAsync("/account"), StringComparison.Ordinal); // now cached
        using (var works = await there.SendAsync(HttpMethod.Get, "/api/accounts/me", bearer: bearer))
        {
            Assert.Equal(HttpStatusCode.OK, works.StatusCode);
        }

        using var ended = await here.SendFormAsync("/account/security", [], "/account/security?handler=EndOthers");

        Assert.Equal(HttpStatusCode.Redirect, ended.StatusCode);
        using var page = await there.GetAsync("/account");
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        using var call = await host.Visit().SendAsync(HttpMethod.Get, "/api/accounts/me", bearer: bearer);
        Assert.Equal(HttpStatusCode.Unauthorized, call.StatusCode);
        Assert.Contains("Rosa", await here.ReadAsync("/account"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_got_for_a_password_ends_with_every_session_of_its_owner()
    {
        await using var host = await TownshipHost.StartAsync();
        using var program = host.Visit();
        using var issued = await program.SendAsync(
            HttpMethod.Post, "/api/accounts/token", new { email = DemoAccounts.ResidentEmail, password = DemoAccounts.Password }, sameOrigin: false);
        var bearer = (await issued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString();
        using var works = await program.SendAsync(HttpMethod.Post, "/api/notifications/read", bearer: bearer, sameOrigin: false);
        Assert.Equal(HttpStatusCode.NoContent, works.StatusCode);

        await host.Services.GetRequiredService<SessionDirectory>().EndAsync(DemoAccounts.ResidentId, null, null, default);

        using var refused = await program.SendAsync(HttpMethod.Get, "/api/accounts/me", bearer: bearer);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task One_session_can_be_ended_by_its_owner_and_by_nobody_else()
    {
        await using var host = await TownshipHost.StartAsync();
        using var resident = host.Visit();
        using var other = host.Visit();
        await resident.SignInAsync();
        await other.SignInAsync(DemoAccounts.OperatorEmail);
        using var list = await resident.SendAsync(HttpMethod.Get, "/api/accounts/sessions");
        var id = (await list.Content.ReadFromJsonAsync<JsonElement>())[0].GetProperty("id").GetString();

        using var refused = await other.SendAsync(HttpMethod.Delete, $"/api/accounts/sessions/{id}");
        using var ended = await resident.SendAsync(HttpMethod.Delete, $"/api/accounts/sessions/{id}");

        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        using var after = await resident.SendAsync(HttpMethod.Get, "/api/accounts/me");
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Fact]
    public async Task A_valid_session_is_believed_without_asking_the_database_each_time()
    {
        await using var host = await TownshipHost.StartAsync();
        using var visitor = host.Visit();
        await visitor.SignInAsync();
        await visitor.ReadAsync("/account");
        var counter = host.Services.GetRequiredService<QueryCounter>();
        var before = counter.CommandsInRequests;

        for (var i = 0; i < 5; i++)
        {
            await visitor.ReadAsync("/account");
        }

        Assert.Equal(before, counter.CommandsInRequests);
    }

    [Fact]
    public async Task A_session_slides_with_use_and_ends_when_unused()
    {
        using var folder = new TemporaryFolder();
        var clock = new FakeClock();
        await using var host = await TownshipHost.StartAsync();
        var store = new SessionStore(host.Services.GetRequiredService<Database>(), clock);
        var hash = Township.Platform.Identity.SecretToken.Hash((await store.CreateAsync(DemoAccounts.ResidentId, "test", default)).Token)!;

        clock.Advance(TimeSpan.FromDays(13));
        Assert.NotNull(await store.UseAsync(hash, default));
        clock.Advance(TimeSpan.FromDays(13));
        Assert.NotNull(await store.UseAsync(hash, default));
        clock.Advance(TimeSpan.FromDays(14));
        Assert.Null(await store.UseAsync(hash, default));
        Assert.Equal(1, await store.DeleteExpiredAsync(default));
    }

    [Fact]
    public async Task The_oldest_session_gives_way_when_there_are_too_many()
    {
        await using var host = await TownshipHost.StartAsync();
        var sessions = host.Services.GetRequiredService<SessionDirectory>();
        var (_, first) = await sessions.BeginAsync(DemoAccounts.ResidentId, "first", default);
        Assert.NotNull(await sessions.FindByTokenAsync(first, default));
        var newest = "";

        for (var i = 0; i < SessionStore.MaximumPerUser; i++)
        {
            (_, newest) = await sessions.BeginAsync(DemoAccounts.ResidentId, $"device {i}", default);
        }

        Assert.Equal(SessionStore.MaximumPerUser, (await sessions.ListAsync(DemoAccounts.ResidentId, default)).Count);
        Assert.NotNull(await sessions.FindByTokenAsync(newest, default));
    }

    [Fact]
    public async Task A_link_works_once_for_its_purpose_and_in_its_time()
    {
        var clock = new FakeClock();
        await using var host = await TownshipHost.StartAsync();
        var database = host.Services.GetRequiredService<Database>();
        var links = new AccountLinks(database, clock);
        var first = await links.CreateAsync(DemoAccounts.ResidentId, LinkPurpose.ResetPassword, default);
        var second = await links.CreateAsync(DemoAccounts.ResidentId, LinkPurpose.ResetPassword, default);

        Assert.False(await links.IsValidAsync(first, LinkPurpose.ConfirmEmail, default));
        Assert.Null(await links.UseAsync(database, first, LinkPurpose.ConfirmEmail, default));
        Assert.True(await links.IsValidAsync(first, LinkPurpose.ResetPassword, default));
        Assert.Equal(DemoAccounts.ResidentId, await links.UseAsync(database, first, LinkPurpose.ResetPassword, default));
        Assert.Null(await links.UseAsync(database, first, LinkPurpose.ResetPassword, default));
        Assert.Null(await links.UseAsync(database, second, LinkPurpose.ResetPassword, default));

        var late = await links.CreateAsync(DemoAccounts.ResidentId, LinkPurpose.ResetPassword, default);
        clock.Advance(AccountLinks.ResetLifetime);
        Assert.Null(await links.UseAsync(database, late, LinkPurpose.ResetPassword, default));
        Assert.Null(await links.UseAsync(database, "guess", LinkPurpose.ResetPassword, default));
    }

    private static async Task<string> TokenAsync(Visitor visitor)
    {
        using var response = await visitor.SendAsync(HttpMethod.Post, "/api/accounts/token");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }
}
