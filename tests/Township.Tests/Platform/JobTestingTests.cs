using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs;
using Millrace.Jobs.Testing;
using Township.Modules.Accounts;
using Township.Modules.Accounts.Links;
using Township.Modules.Notifications.Digest;

namespace Township.Tests.Platform;

/// <summary>The testing helpers of the job engine in a whole application, whose program has registered SQLite, workers and schedules before them.</summary>
public sealed class JobTestingTests
{
    [Fact, Trait("req", "J-17")]
    public async Task A_programs_jobs_are_in_the_hands_of_a_test_that_starts_it_by_a_factory()
    {
        using var folder = new TemporaryFolder();
        await using var factory = new Factory(folder.Path, inline: false);
        using var visitor = factory.Visit();
        var tester = factory.Services.GetRequiredService<JobTester>();

        await RegisterAsync(visitor);
        tester.AssertEnqueued<SendAccountEmail>(job => job.Email == "ada@township.example" && job.Purpose == LinkPurpose.ConfirmEmail, times: 1);
        Assert.Empty(Mails(folder));
        var drained = (await tester.DrainAsync()).ThrowIfFailed();
        var advanced = await tester.AdvanceAsync(TimeSpan.FromDays(1));

        Assert.Contains("/confirm?token=", await File.ReadAllTextAsync(Assert.Single(Mails(folder))), StringComparison.Ordinal);
        Assert.Contains(drained.Runs, static run => run is { Type: "send-account-email", Outcome: FinishKind.Completed });
        Assert.Equal("daily-digest", tester.AssertEnqueued<SendDigests>(times: 1).Schedule);
        Assert.Empty(advanced.Failures);
        Assert.False(File.Exists(Path.Combine(folder.Path, "jobs.db")));
    }

    [Fact, Trait("req", "J-17")]
    public async Task Inline_the_answer_comes_after_the_job()
    {
        using var folder = new TemporaryFolder();
        await using var factory = new Factory(folder.Path, inline: true);
        using var visitor = factory.Visit();

        await RegisterAsync(visitor);

        Assert.Single(Mails(folder));
    }

    private static async Task RegisterAsync(Visitor visitor)
    {
        using var response = await visitor.SendFormAsync("/register", new Dictionary<string, string>
        {
            ["Input.Name"] = "Ada",
            ["Input.Email"] = "ada@township.example",
            ["Input.Password"] = "a mill by the river",
        });
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
    }

    private static string[] Mails(TemporaryFolder folder) =>
        Directory.Exists(Path.Combine(folder.Path, "mail", "new")) ? Directory.GetFiles(Path.Combine(folder.Path, "mail", "new"), "*.eml") : [];

    private sealed class Factory(string data, bool inline) : WebApplicationFactory<AccountDesk>
    {
        public Visitor Visit()
        {
            UseKestrel(0);
            StartServer();
            return new Visitor(ClientOptions.BaseAddress);
        }

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseSetting("data", data).UseSetting("Township:ExampleData", "false").UseSetting("Logging:LogLevel:Default", "Critical");
            builder.ConfigureTestServices(services => services.AddMillraceJobsTesting(options => (options.Inline, options.Clock) = (inline, new JobTestClock())));
        }
    }
}
