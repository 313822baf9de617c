using System.ComponentModel;

namespace Millrace.TestKit.Redis;

/// <summary>
/// A redis-server (or redis-sentinel) of the tests' own, from Debian's packages: a free loopback port, a temporary folder, no durability.
/// A missing program fails the test. Pausing, killing and starting again are for one caller at a time; commands for any number.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const int Attempts = 5;
    private const string PortTaken = "Address already in use";
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private readonly RedisServerSetup _setup;
    private ChildProcess? _process;

    private RedisServer(RedisServerSetup setup, int port, string folder)
    {
        _setup = setup;
        Port = port;
        Folder = folder;
    }

    /// <summary>Where it listens on 127.0.0.1; the same after a restart. The port 10,000 above is free for Cluster.</summary>
    public int Port { get; }

    /// <summary>"127.0.0.1:" and the port.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Its working folder, removed at the end. It holds redis.conf.</summary>
    public string Folder { get; }

    /// <summary>What it was started with.</summary>
    public RedisServerSetup Setup => _setup;

    /// <summary>The operating system's number for it; another one after a restart.</summary>
    public int ProcessId => Process.Id;

    /// <summary>Whether its process is there (a paused one is).</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Whether <see cref="PauseAsync" /> made it stand still.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Everything it has logged since its last start.</summary>
    public IReadOnlyCollection<string> LogLines => Process.Lines;

    private ChildProcess Process => _process ?? throw new InvalidOperationException("The server has not been started.");

    /// <summary>Starts a server and waits until it accepts connections.</summary>
    /// <exception cref="InvalidOperationException">The program is not installed, or did not start; the message has its last lines.</exception>
    public static async Task<RedisServer> StartAsync(RedisServerSetup? setup = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = new RedisServer(setup ?? new(), RedisPorts.Next(), Directory.CreateTempSubdirectory("millrace-redis-").FullName);
            try
            {
                await File.WriteAllLinesAsync(server.ConfigurationFile, server._setup.Configuration(server.Port, server.Folder));
                await server.LaunchAsync();
                return server;
            }
            catch (InvalidOperationException failure) when (attempt < Attempts && failure.Message.Contains(PortTaken, StringComparison.Ordinal))
            {
                await server.DisposeAsync();
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>Opens a connection of the tests' own, signed in as the setup says.</summary>
    /// <param name="limit">The longest a connect or a command may take; null is 10 s.</param>
    public Task<RedisControl> ConnectAsync(TimeSpan? limit = null) =>
        RedisControl.ConnectAsync(Port, _setup.User, _setup.Password, _setup.Tls, limit);

    /// <summary>Sends one command on a connection of its own and returns the reply.</summary>
    /// <inheritdoc cref="RedisControl.SendAsync(string[])" />
    public async Task<RedisReply> CommandAsync(params string[] arguments)
    {
        await using var control = await ConnectAsync();
        return await control.SendAsync(arguments);
    }

    /// <summary>A section of INFO, by its fields' names.</summary>
    public async Task<IReadOnlyDictionary<string, string>> InfoAsync(string section) => (await CommandAsync("INFO", section)).Fields();

    /// <summary>Makes it stand still (SIGSTOP): connections stay open, nothing is answered.</summary>
    public async Task PauseAsync()
    {
        IsPaused = true;
        await Process.SuspendAsync();
    }

    /// <summary>Lets it go on after <see cref="PauseAsync" />.</summary>
    public Task ResumeAsync()
    {
        Process.Resume();
        IsPaused = false;
        return Task.CompletedTask;
    }

    /// <summary>Ends it at once (kill -9), paused or not. Does nothing when it has ended.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false } process)
        {
            await process.KillAsync();
        }
    }

    /// <summary>Starts it again after killing it if it still runs: the same port, folder and configuration, no data.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await Process.DisposeAsync();
        IsPaused = false;
        await LaunchAsync();
    }

    /// <summary>Kills it and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private string ConfigurationFile => Path.Combine(Folder, "redis.conf");

    private async Task LaunchAsync()
    {
        var (program, ready) = _setup.Sentinel is null ? ("redis-server", "Ready to accept connections") : ("redis-sentinel", "Sentinel ID is");
        try
        {
            _process = ChildProcess.Start(program, [ConfigurationFile, .. _setup.Arguments]);
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"{program} is not on PATH: install the Debian package {program}, as ./test does.", missing);
        }

        await _process.WaitForLineAsync(line => line.Contains(ready, StringComparison.Ordinal)).WaitAsync(StartLimit);
    }
}
