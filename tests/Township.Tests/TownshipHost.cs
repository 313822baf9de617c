using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs;
using Township.Platform.Web;

namespace Township.Tests;

/// <summary>Township inside the test's process, on Kestrel and a free loopback port: the same services and pipeline as the program.</summary>
internal sealed partial class TownshipHost : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly WebApplication _app;
    private readonly TemporaryFolder? _folder;

    private TownshipHost(WebApplication app, TemporaryFolder? folder, string data)
    {
        _app = app;
        _folder = folder;
        Data = data;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public Uri Address { get; }

    public string Data { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts it, without example data and with a limit of attempts that no test reaches, unless <paramref name="settings"/> say otherwise.</summary>
    /// <param name="settings">Configuration by key.</param>
    /// <param name="data">The data directory; null for one that goes with the host.</param>
    /// <param name="configure">Replaces services.</param>
    public static async Task<TownshipHost> StartAsync(
        IReadOnlyDictionary<string, string?>? settings = null,
        string? data = null,
        Action<WebApplicationBuilder>? configure = null,
        string environment = "Development")
    {
        var folder = data is null ? new TemporaryFolder() : null;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = "Township",
            EnvironmentName = environment,
            ContentRootPath = AppContext.BaseDirectory,
        });
        var all = new Dictionary<string, string?>
        {
            ["data"] = data ?? folder!.Path,
            ["urls"] = "http://127.0.0.1:0",
            ["Logging:LogLevel:Default"] = "Critical",
            ["Township:ExampleData"] = "false",
            ["Township:AccountAttemptsPerMinute"] = "100000",
        };
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
        {
            all[key] = value;
        }

        builder.Configuration.AddInMemoryCollection(all);
        builder.AddTownship();
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(Announcement)));
        builder.Services.AddSingleton<FinishedJobs>();
        builder.Services.AddSingleton<IJobObserver>(provider => provider.GetRequiredService<FinishedJobs>());
        configure?.Invoke(builder);
        var app = builder.Build();
        app.UseTownship();
        await app.StartAsync();
        return new TownshipHost(app, folder, data ?? folder!.Path);
    }

    /// <summary>Somebody new at a browser: own cookies, redirects not followed.</summary>
    public Visitor Visit() => new(Address);

    /// <summary>The newest mail to an address whose text contains <paramref name="part"/>; waits until there is one.</summary>
    public async Task<string> WaitForMailAsync(string address, string part)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Data, "mail", "new"));
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(folder.FullName);
        watcher.Created += (_, _) => Look();
        watcher.Renamed += (_, _) => Look();
        watcher.EnableRaisingEvents = true;
        Look();
        return await found.Task.WaitAsync(Limit);

        void Look()
        {
            var mail = folder.GetFiles("*.eml").OrderByDescending(file => file.LastWriteTimeUtc).Select(file => File.ReadAllText(file.FullName))
                .FirstOrDefault(text => text.Contains($"<{address}>", StringComparison.OrdinalIgnoreCase)
                    && text.Contains(part, StringComparison.Ordinal));
            if (mail is not null)
            {
                found.TrySetResult(mail);
            }
        }
    }

    /// <summary>The path and query of the first link in a mail that leads to <paramref name="path"/>.</summary>
    public static string LinkIn(string mail, string path) =>
        Link().Matches(mail).Select(match => new Uri(match.Value).PathAndQuery)
            .First(link => link.StartsWith(path, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder?.Dispose();
    }

    [GeneratedRegex(@"https?://[^\s<>""]+", RegexOptions.None, 1000)]
    private static partial Regex Link();
}
