using System.Globalization;

namespace Millrace.TestKit;

/// <summary>
/// A PostgreSQL server of the tests' own, from Debian's package: a fresh cluster in a temporary folder, a free loopback port, no password,
/// no durability and no vacuum unless it is asked for. It never runs as root, which PostgreSQL refuses: then the package's user postgres runs it. Missing programs fail the test.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string ServiceUser = "postgres";
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private readonly string _folder;
    private readonly bool _durable;
    private ChildProcess? _process; // null while it is stopped

    private PostgresServer(ChildProcess process, string folder, int port, bool durable)
    {
        _process = process;
        _folder = folder;
        _durable = durable;
        Port = port;
    }

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Starts a server and waits until it accepts connections.</summary>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed, or did not start.</exception>
    public static Task<PostgresServer> StartAsync() => StartAsync(durable: false);

    /// <summary>Starts a server and waits until it accepts connections.</summary>
    /// <param name="durable">Whether a commit waits for the disk, as it does in PostgreSQL's own defaults: for benchmarks.</param>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed, or did not start.</exception>
    public static async Task<PostgresServer> StartAsync(bool durable)
    {
        var folder = (await RunAsync("mktemp", "-d", "-t", "millrace-postgres-XXXXXX")).Single();
        try
        {
            await RunAsync(Program("initdb"), "-D", folder, "-U", ServiceUser, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync");
            var port = Loopback.FreePort();
            return new PostgresServer(await LaunchAsync(folder, port, durable), folder, port, durable);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its connection string, without pooling, so that nothing holds it open after the test.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"t{Guid.NewGuid():N}";
        await RunAsync(Program("createdb"), "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", ServiceUser, name);
        return $"Host=127.0.0.1;Port={Port};Username={ServiceUser};Database={name};Maximum Pool Size=20";
    }

    /// <summary>Ends it, cutting every connection; its data stays.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            await process.InterruptAsync(); // PostgreSQL's fast shutdown
            await process.DisposeAsync();
        }
    }

    /// <summary>Ends it as a crash would (PostgreSQL's immediate shutdown): whatever is under way is cut, nothing is put in order; the next start recovers from the log.</summary>
    public async Task CrashAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            await process.QuitAsync();
            await process.DisposeAsync();
        }
    }

    /// <summary>Starts it again after <see cref="StopAsync"/> or <see cref="CrashAsync"/>, on the same port and data, and waits until it accepts connections.</summary>
    public async Task StartAgainAsync() => _process = await LaunchAsync(_folder, Port, _durable);

    /// <summary>Ends it by its process id and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<ChildProcess> LaunchAsync(string folder, int port, bool durable)
    {
        var process = Start(
            Program("postgres"), "-D", folder, "-p", port.ToString(CultureInfo.InvariantCulture), "-k", folder, "-h", "127.0.0.1",
            "-c", $"fsync={Switch(durable)}", "-c", $"full_page_writes={Switch(durable)}", "-c", "synchronous_commit=on", "-c", "max_connections=200",
            "-c", $"autovacuum={Switch(durable)}"); // it would look at each of some hundred databases in turn, several a second
        await process.WaitForLineAsync(static line => line.Contains("ready to accept connections", StringComparison.Ordinal)).WaitAsync(StartLimit);
        return process;
    }

    private static ChildProcess Start(string program, params string[] arguments) => Environment.UserName == "root"
        ? ChildProcess.Start("setpriv", ["--reuid", ServiceUser, "--regid", ServiceUser, "--init-groups", "--", program, .. arguments])
        : ChildProcess.Start(program, arguments);

    private static async Task<IReadOnlyCollection<string>> RunAsync(string program, params string[] arguments)
    {
        await using var process = Start(program, arguments);
        var code = await process.WaitForExitAsync().WaitAsync(StartLimit);
        return code == 0
            ? process.Lines
            : throw new InvalidOperationException($"{program} ended with code {code}:\n{string.Join('\n', process.Lines)}");
    }

    private static string Switch(bool on) => on ? "on" : "off";

    private static string Program(string name)
    {
        const string root = "/usr/lib/postgresql";
        var newest = Directory.Exists(root)
            ? Directory.GetDirectories(root)
                .Where(folder => File.Exists(Path.Combine(folder, "bin", name)))
                .MaxBy(static folder => double.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0)
            : null;
        return newest is null
            ? throw new InvalidOperationException($"PostgreSQL's {name} is not in {root}/*/bin: install the Debian package postgresql, as ./test does.")
            : Path.Combine(newest, "bin", name);
    }
}
