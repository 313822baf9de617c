using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Millrace.TestKit;
using Xunit;

namespace Township.Tests.Browser;

/// <summary>Township as its user starts it, and Debian's Chromium before it.</summary>
public sealed partial class TownshipBrowser : IAsyncLifetime
{
    /// <summary>Set to 1, the screenshots go to docs/images, for the README; otherwise beside the test's binaries.</summary>
    private const string PublishVariable = "MILLRACE_PUBLISH_SCREENSHOTS";
    private const string Chromium = "/usr/bin/chromium";
    private static readonly TimeSpan MailLimit = TimeSpan.FromSeconds(60);

    private static readonly string[] ChromiumArguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("township-browser-").FullName;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private TownshipProcess? _township;

    public Uri Address => Township.Address;

    public TownshipProcess Township => _township ?? throw new InvalidOperationException("Township has not started.");

    public async ValueTask InitializeAsync()
    {
        Assert.True(File.Exists(Chromium), $"{Chromium} is missing: ./test installs it, or: sudo apt-get install chromium");
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Millrace:HistoryInterval"] = "00:00:01", // the dashboard's charts have something to show after seconds
            ["Millrace:LiveInterval"] = "00:00:00.500",
        };
        _township = await TownshipProcess.StartAsync(_folder, settings);
        Assertions.SetDefaultExpectTimeout(30_000); // a slow machine is no failure
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ChromiumArguments });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_township is not null)
        {
            await _township.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A window of its own: no cookies shared with the others.</summary>
    public async Task<BrowserWindow> OpenAsync(int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = Address.ToString(),
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(30_000);
        return new BrowserWindow(context, page);
    }

    /// <summary>The link in the newest mail to an address, from the maildir that Township writes without SMTP.</summary>
    public async Task<string> LinkFromMailAsync(string recipient, string path)
    {
        var mailbox = Path.Combine(_folder, "mail", "new");
        using var limit = new CancellationTokenSource(MailLimit);
        using var watcher = new FileSystemWatcher(Directory.CreateDirectory(mailbox).FullName);
        using var changed = new SemaphoreSlim(0);
        watcher.Created += (_, _) => changed.Release();
        watcher.Renamed += (_, _) => changed.Release();
        watcher.EnableRaisingEvents = true;
        while (true)
        {
            foreach (var file in Directory.GetFiles(mailbox, "*.eml").OrderByDescending(static file => file, StringComparer.Ordinal))
            {
                var mail = (await File.ReadAllTextAsync(file, limit.Token)).Replace("=\r\n", "", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal);
                if (mail.Contains(recipient, StringComparison.OrdinalIgnoreCase)
                    && Link().Matches(mail).Select(static match => match.Value).FirstOrDefault(link => link.Contains(path, StringComparison.Ordinal)) is { } found)
                {
                    return found;
                }
            }

            await changed.WaitAsync(limit.Token);
        }
    }

    /// <param name="name">The picture's name, without its ending.</param>
    /// <param name="forReadme">Whether the README shows it.</param>
    public static string ScreenshotPath(string name, bool forReadme = false)
    {
        var folder = forReadme && Environment.GetEnvironmentVariable(PublishVariable) == "1"
            ? Path.Combine(RepositoryRoot.Path, "docs", "images")
            : Path.Combine(AppContext.BaseDirectory, "screenshots");
        return Path.Combine(Directory.CreateDirectory(folder).FullName, name + ".png");
    }

    [GeneratedRegex(@"https?://[^\s""<>]+", RegexOptions.None, 1000)]
    private static partial Regex Link();
}
