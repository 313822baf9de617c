using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Millrace.TestKit;

namespace Township.Tests.Platform;

/// <summary>What whoever starts Township where it cannot start gets to read: one line with the remedy, and a failing exit code.</summary>
public sealed class StartFailureTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_port_in_use_is_told_in_one_line()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var line = await FailAsync("--urls", $"http://127.0.0.1:{port}", "--data", _folder.Path);

        Assert.Contains($"127.0.0.1:{port}", line, StringComparison.Ordinal);
        Assert.Contains("already in use", line, StringComparison.Ordinal);
        Assert.Contains("--urls", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ftp://127.0.0.1:8080")]
    [InlineData("http://127.0.0.1:99999")]
    [InlineData("http://192.0.2.1:8080")]
    public async Task An_address_that_cannot_be_listened_on_is_told_in_one_line(string urls)
    {
        var line = await FailAsync("--urls", urls, "--data", _folder.Path);

        Assert.Contains("--urls http://127.0.0.1:PORT", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("township.db")]
    [InlineData("jobs.db")]
    public async Task A_database_that_is_none_is_named_in_one_line(string name)
    {
        var file = Path.Combine(_folder.Path, name);
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("not a database ", 1000)), TestContext.Current.CancellationToken);

        var line = await FailAsync("--urls", "http://127.0.0.1:0", "--data", _folder.Path);

        Assert.Contains(file, line, StringComparison.Ordinal);
        Assert.Contains("not a SQLite database", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_that_is_a_file_is_named_in_one_line()
    {
        var file = Path.Combine(_folder.Path, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);

        var line = await FailAsync("--urls", "http://127.0.0.1:0", "--data", file);

        Assert.Contains(file, line, StringComparison.Ordinal);
        Assert.Contains("--data DIR", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("many")]
    public async Task A_setting_that_makes_no_sense_is_named_in_one_line(string value)
    {
        var line = await FailAsync(
            "--urls", "http://127.0.0.1:0", "--data", _folder.Path, "--Township:AccountAttemptsPerMinute", value);

        Assert.Contains("AccountAttemptsPerMinute", line, StringComparison.Ordinal);
    }

    // The only line that is about the failure; others are what the log said until then.
    private static async Task<string> FailAsync(params string[] arguments)
    {
        var configuration = typeof(StartFailureTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        var program = Path.Combine(RepositoryRoot.Path, "app", "Township", "bin", configuration, "net10.0", "Township.dll");
        await using var process = ChildProcess.Start(
            "dotnet",
            [program, .. arguments],
            new Dictionary<string, string?> { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["Township__ExampleData"] = "false" });
        Assert.Equal(1, await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken));
        Assert.DoesNotContain(process.Lines, static line => line.Contains("   at ", StringComparison.Ordinal) || line.Contains("Exception", StringComparison.Ordinal));
        return Assert.Single(process.Lines, static line => line.StartsWith("Township cannot start: ", StringComparison.Ordinal));
    }
}
