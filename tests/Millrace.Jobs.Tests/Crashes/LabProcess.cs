using System.Globalization;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>One life of the program.</summary>
internal sealed class LabProcess(ChildProcess program, string role) : IAsyncDisposable
{
    /// <summary><c>worker</c>, or the name of a producer.</summary>
    public string Role { get; } = role;

    /// <summary>When it goes on after it was stopped; null: it was not.</summary>
    public long? FrozenUntil { get; set; }

    public bool HasExited => program.HasExited;

    /// <summary>What it has printed.</summary>
    public IReadOnlyCollection<string> Lines => program.Lines;

    public static LabProcess Start(LabServer server, string role, string? die = null, params string[] arguments)
    {
        var name = role is "worker" or "both" ? role : "producer";
        string[] all = [Path.Combine(AppContext.BaseDirectory, "Millrace.Jobs.CrashLab.dll"), server.Store, server.Where, name, .. arguments];
        return new LabProcess(ChildProcess.Start("dotnet", all, new Dictionary<string, string?>(StringComparer.Ordinal) { ["MILLRACE_LAB_DIE"] = die }), role);
    }

    public Task WaitForAsync(string line) => program.WaitForLineAsync(printed => printed == line);

    public Task<int> WaitForExitAsync() => program.WaitForExitAsync();

    public Task KillAsync() => program.KillAsync();

    /// <summary>Stops it in its tracks, but where it holds up nobody.</summary>
    public Task FreezeAsync(LabServer server) => Poll.UntilAsync(
        async () =>
        {
            await program.SuspendAsync();
            if (program.HasExited || await server.IsFreeAsync())
            {
                return null;
            }

            program.Resume();
            return "it holds a lock";
        },
        "a process stands still");

    public void Thaw()
    {
        FrozenUntil = null;
        program.Resume();
    }

    /// <summary>Stops it as a deployment does; a poisonous job may be faster.</summary>
    public async Task StopAsync()
    {
        var code = await program.TerminateAsync();
        Assert.True(code == 0 || Lines.Any(static line => line.StartsWith("begin poison-", StringComparison.Ordinal)), string.Create(CultureInfo.InvariantCulture, $"A {Role} ended with code {code}:\n{string.Join('\n', program.Lines.TakeLast(30))}"));
    }

    public ValueTask DisposeAsync() => program.DisposeAsync();
}
