using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;

namespace Township.Tests.Browser;

/// <summary>A newcomer's first visit, in a real browser, from the registration to a live result and the operator's dashboard.</summary>
public sealed partial class FirstVisitTests(TownshipBrowser township) : IClassFixture<TownshipBrowser>
{
    private const string DemoPassword = "try-township-2026";

    [Fact]
    [Trait("req", "T-01 T-02 T-05 R-12 H-08")]
    public async Task A_newcomer_registers_confirms_works_and_votes_and_others_see_it_live()
    {
        const string email = "nadia.miller@example.org";
        const string password = "a long walk by the river";
        await using var window = await township.OpenAsync();
        var page = window.Page;

        await RegisterAsync(page, email, password);
        await window.SignInAsync(email, password);
        var project = await CreateProjectAsync(page);
        await AddTaskAsync(page, "Ask the council for paint");
        await ExpectDashboardToCountAsync(page, project);
        await VoteAsync(page);

        Assert.True(window.Errors.Count == 0, string.Join('\n', window.Errors));
        Assert.All(window.Requests, address => Assert.StartsWith(township.Address.ToString(), address, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("req", "H-08")]
    public async Task The_operator_sees_cache_and_jobs_on_the_dashboard()
    {
        await using var window = await township.OpenAsync();
        var page = window.Page;
        await window.SignInAsync("operator@township.example", DemoPassword);
        await using var visitor = await township.OpenAsync();
        await visitor.SignInAsync("resident@township.example", DemoPassword);

        await page.GotoAsync("/millrace");
        await VisitAsync(visitor.Page);
        await Assertions.Expect(page.Locator("#tiles")).ToContainTextAsync(NonZeroPercent()); // the hit rate, live
        await Assertions.Expect(page.Locator("#queue-list")).ToContainTextAsync("email");
        await Assertions.Expect(page.Locator("#caches")).ToContainTextAsync("default");
        await Assertions.Expect(page.Locator("#worker-list")).Not.ToBeEmptyAsync();
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = TownshipBrowser.ScreenshotPath("dashboard", forReadme: true) });

        Assert.True(window.Errors.Count == 0, string.Join('\n', window.Errors));
        Assert.All(window.Requests, address => Assert.StartsWith(township.Address.ToString(), address, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("req", "H-08")]
    public async Task A_resident_is_kept_out_of_the_operators_dashboard()
    {
        await using var window = await township.OpenAsync();
        await window.SignInAsync("resident@township.example", DemoPassword);

        var answer = await window.Page.GotoAsync("/millrace");

        Assert.Equal(403, answer!.Status);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/projects")]
    [InlineData("/projects/p1")]
    [InlineData("/projects/p1/dashboard")]
    [InlineData("/organisations/o1")]
    [InlineData("/questions")]
    [InlineData("/questions/q1")]
    [InlineData("/search?q=garden")]
    [InlineData("/login")]
    [InlineData("/nowhere")]
    public async Task Pages_fit_a_phone(string address)
    {
        await using var window = await township.OpenAsync(width: 375, height: 740);

        await window.Page.GotoAsync(address);

        var width = await window.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(width <= 375, $"{address} is {width} px wide on a phone of 375 px.");
        await window.Page.ScreenshotAsync(new PageScreenshotOptions { Path = TownshipBrowser.ScreenshotPath($"phone{address.Replace('/', '-').Split('?')[0]}") });
    }

    [Fact]
    public async Task The_keyboard_alone_is_enough_to_vote()
    {
        await using var window = await township.OpenAsync();
        var page = window.Page;
        await window.SignInAsync("resident@township.example", DemoPassword);
        await page.GotoAsync(await OpenQuestionAsync(page));

        await page.Keyboard.PressAsync("Tab");
        var first = await page.EvaluateAsync<string>("document.activeElement.textContent.trim()");
        Assert.Contains("Skip", first, StringComparison.OrdinalIgnoreCase);
        for (var i = 0; i < 60 && !await page.EvaluateAsync<bool>("document.activeElement.name === 'option'"); i++)
        {
            await page.Keyboard.PressAsync("Tab");
        }

        await page.Keyboard.PressAsync("Space");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(page.Locator("#results .badge")).ToHaveTextAsync("Your vote");
    }

    private async Task RegisterAsync(IPage page, string email, string password)
    {
        await page.GotoAsync("/register");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the account" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Enter your e-mail address.")).ToBeVisibleAsync(); // a field's own message

        await page.GetByLabel("Name").FillAsync("Nadia Miller");
        await page.GetByLabel("E-mail address").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the account" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync("/register/sent");

        await page.GotoAsync(await township.LinkFromMailAsync(email, "/confirm"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm my address" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Confirm my address" })).ToHaveCountAsync(0);
    }

    private static async Task<string> CreateProjectAsync(IPage page)
    {
        await page.GotoAsync("/organisations/new");
        await page.GetByLabel("Name").FillAsync("Friends of the Mill Pond");
        await page.GetByLabel("What it does").FillAsync("Keeps the pond clean and the ducks fed.");
        await page.GetByLabel("Category").SelectOptionAsync(new SelectOptionValue { Index = 1 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Start it" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Friends of the Mill Pond");

        await page.GetByRole(AriaRole.Link, new() { Name = "New project" }).First.ClickAsync();
        await page.GetByLabel("Name").FillAsync("New benches at the pond");
        await page.GetByLabel("What it is about").FillAsync("Six benches, made in the workshop, set before the summer.");
        await page.GetByLabel("Category").SelectOptionAsync(new SelectOptionValue { Index = 2 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the project" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("New benches at the pond");
        return page.Url;
    }

    private static async Task AddTaskAsync(IPage page, string title)
    {
        await page.GetByText("Add a task", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("What has to be done").FillAsync(title);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add task" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = title })).ToBeVisibleAsync();
    }

    private static async Task ExpectDashboardToCountAsync(IPage page, string project)
    {
        await page.GotoAsync($"{project}/dashboard");
        await Assertions.Expect(page.Locator("#dashboard .tiles")).ToContainTextAsync("0 of 1");
        await page.GotoAsync("/projects/p1");
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = TownshipBrowser.ScreenshotPath("township", forReadme: true) });
    }

    /// <summary>Reads some pages again and again and exports a project, so that cache, jobs and channels have something to count.</summary>
    private static async Task VisitAsync(IPage page)
    {
        for (var round = 0; round < 6; round++)
        {
            foreach (var address in new[] { "/projects/p1", "/projects/p1/dashboard", "/questions/q1", "/organisations/o1" })
            {
                await page.GotoAsync(address);
            }
        }

        await page.GotoAsync("/projects/p1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Export as CSV" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Download" })).ToBeVisibleAsync();
        await page.GotoAsync("/projects/p1");
        await Assertions.Expect(page.Locator("#live[data-state='on']")).ToBeAttachedAsync();
    }

    /// <summary>Votes in this window and watches the bars change in another, which nobody reloads.</summary>
    private async Task VoteAsync(IPage page)
    {
        await using var other = await township.OpenAsync();
        await other.SignInAsync("resident@township.example", DemoPassword);
        var question = await OpenQuestionAsync(page);
        await page.GotoAsync(question);
        await other.Page.GotoAsync(question);
        await other.Page.EvaluateAsync("window.neverReloaded = true");
        await Assertions.Expect(other.Page.Locator("#live[data-state='on']")).ToBeAttachedAsync();
        var option = page.Locator("input[name=option]").First;
        var id = await option.GetAttributeAsync("value");
        var votes = other.Page.Locator($"[data-option='{id}'] [data-votes]");
        var before = int.Parse(await votes.InnerTextAsync(), CultureInfo.InvariantCulture);

        await option.CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Vote" }).ClickAsync();

        await Assertions.Expect(votes).ToHaveTextAsync((before + 1).ToString(CultureInfo.InvariantCulture));
        Assert.True(await other.Page.EvaluateAsync<bool>("window.neverReloaded === true"));
        Assert.True(other.Errors.Count == 0, string.Join('\n', other.Errors));
    }

    /// <summary>An open question that every resident may vote on and this one has not.</summary>
    private static async Task<string> OpenQuestionAsync(IPage page)
    {
        await page.GotoAsync("/questions");
        var addresses = await page.Locator("main a[href^='/questions/q']").EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))");
        foreach (var address in addresses.Distinct(StringComparer.Ordinal))
        {
            await page.GotoAsync(address);
            if (await page.Locator("#vote-form").CountAsync() > 0 && await page.Locator("#vote-title").InnerTextAsync() == "Your vote")
            {
                return address;
            }
        }

        throw new InvalidOperationException("The list of questions shows none that this resident may still vote on.");
    }

    [GeneratedRegex("[1-9][0-9.]* %", RegexOptions.None, 1000)]
    private static partial Regex NonZeroPercent();
}
