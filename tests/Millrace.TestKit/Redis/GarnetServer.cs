using System.ComponentModel;
using System.Globalization;

namespace Millrace.TestKit.Redis;

/// <summary>
/// A Garnet server of the tests' own. It is a large .NET tool, so its tests run only when asked for, by ./test --garnet, which installs it
/// and names the program in the environment variable MILLRACE_GARNET.
/// </summary>
public sealed class GarnetServer : IAsyncDisposable
{
    private const int Attempts = 5;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private readonly ChildProcess _process;
    private readonly string _folder;

    private GarnetServer(ChildProcess process, string folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    /// <summary>Whether the tests of Garnet were asked for.</summary>
    public static bool IsRequested => Program.Length > 0;

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>"127.0.0.1:" and the port.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>The operating system's number for it.</summary>
    public int ProcessId => _process.Id;

    private static string Program => Environment.GetEnvironmentVariable("MILLRACE_GARNET") ?? "";

    /// <summary>Starts a server with scripts and an append-only file, and waits until it accepts connections.</summary>
    /// <param name="arguments">Further arguments of the program.</param>
    /// <exception cref="InvalidOperationException">It was not asked for, is not where MILLRACE_GARNET says, or did not start.</exception>
    public static async Task<GarnetServer> StartAsync(params string[] arguments)
    {
        if (!IsRequested)
        {
            throw new InvalidOperationException("MILLRACE_GARNET does not name the program garnet-server: run ./test --garnet.");
        }

        for (var attempt = 1; ; attempt++)
        {
            var folder = Directory.CreateTempSubdirectory("millrace-garnet-").FullName;
            var port = RedisPorts.Next();
            ChildProcess? process = null;
            try
            {
                process = ChildProcess.Start(
                    Program,
                    [
                        "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--lua", "--aof",
                        "--checkpointdir", folder, "--device-type", "RandomAccess", .. arguments,
                    ]);
                await process.WaitForLineAsync(static line => line.Contains("Ready to accept connections", StringComparison.Ordinal))
                    .WaitAsync(StartLimit);
                return new GarnetServer(process, folder, port);
            }
            catch (Win32Exception missing)
            {
                Directory.Delete(folder, recursive: true);
                throw new InvalidOperationException($"MILLRACE_GARNET names {Program}, which cannot be started: run ./test --garnet.", missing);
            }
            catch (Exception failure)
            {
                await EndAsync(process, folder);
                if (attempt == Attempts || !failure.Message.Contains("Address already in use", StringComparison.Ordinal))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Sends one command on a connection of its own and returns the reply.</summary>
    /// <inheritdoc cref="RedisControl.SendAsync(string[])" />
    public async Task<RedisReply> CommandAsync(params string[] arguments)
    {
        await using var control = await RedisControl.ConnectAsync(Port);
        return await control.SendAsync(arguments);
    }

    /// <summary>Kills it and removes its folder.</summary>
    public ValueTask DisposeAsync() => new(EndAsync(_process, _folder));

    private static async Task EndAsync(ChildProcess? process, string folder)
    {
        if (process is not null)
        {
            if (!process.HasExited)
            {
                await process.KillAsync();
            }

            await process.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }
}
