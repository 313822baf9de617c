using System.Net;
using Millrace.TestKit;
using Township.Modules.Accounts;

namespace Township.Tests.Platform;

/// <summary>The program itself, as its user starts it.</summary>
public sealed class ProcessTests
{
    private static readonly Dictionary<string, string> Small = new() { ["Township:ExampleData"] = "false" };

    [Fact]
    public async Task It_prints_its_address_and_sign_ins_stops_on_SIGTERM_and_keeps_everything_for_the_second_start()
    {
        using var folder = new TemporaryFolder();
        string session;
        await using (var first = await TownshipProcess.StartAsync(folder.Path, Small))
        {
            Assert.Contains(first.Process.Lines, static line => line.Contains("Township is listening on http://127.0.0.1:", StringComparison.Ordinal));
            await first.Process.WaitForLineAsync(static line => line.Contains(DemoAccounts.OperatorEmail, StringComparison.Ordinal));
            using var visitor = new Visitor(first.Address);
            using (var styles = await visitor.GetAsync("/css/site.css"))
            {
                Assert.Equal(HttpStatusCode.OK, styles.StatusCode);
            }

            await visitor.SignInAsync();
            session = visitor.SessionToken!;
            Assert.Equal(0, await first.Process.TerminateAsync());
        }

        await using var second = await TownshipProcess.StartAsync(folder.Path, Small);
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = second.Address };
        client.DefaultRequestHeaders.Add("Cookie", $"township_session={session}");
        var page = await client.GetStringAsync("/account");
        Assert.Contains("Rosa Hill", page, StringComparison.Ordinal);
        Assert.Equal(0, await second.Process.InterruptAsync());
    }

    [Fact]
    public async Task Two_that_start_together_on_one_folder_both_serve()
    {
        using var folder = new TemporaryFolder();

        var started = await Task.WhenAll(
            TownshipProcess.StartAsync(folder.Path, Small), TownshipProcess.StartAsync(folder.Path, Small));

        foreach (var township in started)
        {
            await using (township)
            {
                using var client = new HttpClient { BaseAddress = township.Address };
                Assert.Contains("Run your town together", await client.GetStringAsync("/"), StringComparison.Ordinal);
            }
        }
    }
}
