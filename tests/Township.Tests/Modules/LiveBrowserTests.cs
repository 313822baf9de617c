using System.Collections.Concurrent;
using Microsoft.Playwright;
using Township.Modules.Accounts;
using Township.Modules.Projects;
using Township.Modules.Organisations;
using Township.Modules.Voting;

namespace Township.Tests.Modules;

[Trait("req", "R-12")]
public sealed class LiveBrowserTests
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    [Fact]
    public async Task What_one_window_does_another_shows_without_a_reload()
    {
        await using var town = await Town.StartAsync();
        await town.Get<OrganisationWrites>().JoinAsync(town.OrganisationId, DemoAccounts.ResidentId, default);
        await town.Get<OrganisationWrites>().JoinAsync(town.OrganisationId, DemoAccounts.OperatorId, default);
        var project = await town.CreateProjectAsync();
        await town.CreateTaskAsync(project.Id, "Tune the piano");
        var question = (await town.Get<VotingWrites>().AskAsync(
            new QuestionInput { Title = "Which song comes last?", Options = ["First song", "Second song"] }, Town.Manager, default)).Value!;
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = "/usr/bin/chromium", Args = Arguments });
        var here = await SignInAsync(browser, town, DemoAccounts.ResidentEmail);
        var there = await SignInAsync(browser, town, DemoAccounts.OperatorEmail);

        await here.GotoAsync($"/questions/{question.Id}");
        await there.GotoAsync($"/questions/{question.Id}");
        await there.Locator("#live[data-state=on]").WaitForAsync();
        await there.EvaluateAsync("window.stayed = true");
        var guest = await OpenAsync(browser, town);
        await guest.GotoAsync($"/questions/{question.Id}");
        await guest.Locator("#live[data-state=on]").WaitForAsync();
        await guest.EvaluateAsync("window.stayed = true");
        await here.GetByRole(AriaRole.Radio, new() { Name = "Second song" }).CheckAsync();
        await here.GetByRole(AriaRole.Button, new() { Name = "Vote", Exact = true }).ClickAsync();
        await there.Locator($"[data-option='{question.Options[1].Id}'] [data-votes]", new() { HasText = "1" }).WaitForAsync();
        Assert.True(await there.EvaluateAsync<bool>("window.stayed === true"));
        await guest.Locator($"[data-option='{question.Options[1].Id}'] [data-votes]", new() { HasText = "1" }).WaitForAsync();
        Assert.True(await guest.EvaluateAsync<bool>("window.stayed === true"));

        await here.GotoAsync($"/projects/{project.Id}");
        await there.GotoAsync($"/projects/{project.Id}");
        await there.Locator("#live[data-state=on]").WaitForAsync();
        await there.EvaluateAsync("window.stayed = true");
        await here.Locator("button[name=to][value=done]").ClickAsync();
        await there.Locator("section[aria-labelledby=column-done] .task").WaitForAsync();
        await there.GetByText("1 of 1 tasks done").WaitForAsync();
        Assert.True(await there.EvaluateAsync<bool>("window.stayed === true"));

        await here.GetByRole(AriaRole.Button, new() { Name = "Export as CSV" }).ClickAsync();
        var file = await here.RunAndWaitForDownloadAsync(() => here.Locator("#export-file").ClickAsync());
        Assert.EndsWith(".csv", file.SuggestedFilename, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guests_window_connects_only_where_something_is_live_for_guests()
    {
        await using var town = await Town.StartAsync();
        var question = (await town.Get<VotingWrites>().AskAsync(
            new QuestionInput { Title = "Which song comes last?", Options = ["First song", "Second song"] }, Town.Manager, default)).Value!;
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = "/usr/bin/chromium", Args = Arguments });
        var guest = await OpenAsync(browser, town);
        var requests = new ConcurrentQueue<string>();
        guest.Request += (_, request) => requests.Enqueue(new Uri(request.Url).AbsolutePath);

        foreach (var path in new[] { "/", "/questions", "/projects", "/organisations", $"/organisations/{town.OrganisationId}", "/login" })
        {
            await guest.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });
        }

        Assert.DoesNotContain(requests, static path => path.StartsWith("/millrace/hub", StringComparison.Ordinal) || path.Contains("signalr", StringComparison.Ordinal));
        await guest.GotoAsync($"/questions/{question.Id}");
        await guest.Locator("#live[data-state=on]").WaitForAsync();
        Assert.Contains("/millrace/hub/negotiate", requests);
        Assert.DoesNotContain("/api/accounts/token", requests);
    }

    private static async Task<IPage> OpenAsync(IBrowser browser, Town town)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = town.Host.Address.ToString() });
        context.SetDefaultTimeout(30_000);
        return await context.NewPageAsync();
    }

    private static async Task<IPage> SignInAsync(IBrowser browser, Town town, string email)
    {
        var page = await OpenAsync(browser, town);
        await page.GotoAsync("/login");
        await page.Locator("[name='Input.Email']").FillAsync(email);
        await page.Locator("[name='Input.Password']").FillAsync(DemoAccounts.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => !url.Contains("/login", StringComparison.Ordinal));
        return page;
    }
}
