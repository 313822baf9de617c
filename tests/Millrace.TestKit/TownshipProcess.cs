using System.Reflection;

namespace Millrace.TestKit;

/// <summary>Township as its user starts it: the built program, a data folder, a free loopback port.</summary>
public sealed class TownshipProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private TownshipProcess(ChildProcess process, Uri address)
    {
        Process = process;
        Address = address;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>The running program.</summary>
    public ChildProcess Process { get; }

    /// <summary>Starts it and waits until it says that it listens.</summary>
    /// <param name="dataFolder">Its data folder; created when missing, left in place when it ends.</param>
    /// <param name="settings">Configuration values by key, such as <c>Logging:LogLevel:Default</c>.</param>
    /// <param name="environment">The ASP.NET Core environment.</param>
    /// <param name="cancellationToken">Ends the wait, and the process with it.</param>
    public static async Task<TownshipProcess> StartAsync(
        string dataFolder,
        IReadOnlyDictionary<string, string>? settings = null,
        string environment = "Development",
        CancellationToken cancellationToken = default)
    {
        var configuration = typeof(TownshipProcess).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration ?? "Debug";
        var program = Path.Combine(RepositoryRoot.Path, "app", "Township", "bin", configuration, "net10.0", "Township.dll");
        var address = new Uri($"http://127.0.0.1:{Loopback.FreePort()}");
        var variables = (settings ?? new Dictionary<string, string>(StringComparer.Ordinal))
            .ToDictionary(static pair => pair.Key.Replace(":", "__", StringComparison.Ordinal), static pair => (string?)pair.Value, StringComparer.Ordinal);
        variables["ASPNETCORE_ENVIRONMENT"] = environment;
        string[] arguments = [program, "--urls", address.ToString().TrimEnd('/'), "--data", dataFolder];
        var process = ChildProcess.Start("dotnet", arguments, variables);
        try
        {
            await process.WaitForLineAsync(static line => line.Contains("Township is listening on", StringComparison.Ordinal), cancellationToken)
                .WaitAsync(StartLimit, cancellationToken);
            return new TownshipProcess(process, address);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it with SIGTERM.</summary>
    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
