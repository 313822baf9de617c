using System.Text.Json;
using Millrace.TestKit;

namespace Millrace.JobLoad;

/// <summary>A process that plays a role; ended by its process id when it is disposed too early.</summary>
internal sealed class RunningRole(ChildProcess process) : IAsyncDisposable
{
    /// <summary>What a role prints when it waits for others.</summary>
    public const string Ready = "ready";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    /// <summary>Completes when it waits for others.</summary>
    public Task ReadyAsync() => process.WaitForLineAsync(static line => line == Ready).WaitAsync(Limit);

    /// <summary>What it reports at its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds its last lines.</exception>
    public async Task<RoleReport> ReportAsync()
    {
        var line = await process.WaitForLineAsync(static line => line.StartsWith('{')).WaitAsync(Limit);
        var code = await process.WaitForExitAsync().WaitAsync(Limit);
        return code == 0
            ? JsonSerializer.Deserialize<RoleReport>(line)!
            : throw new InvalidOperationException($"A role ended with code {code}:\n{string.Join('\n', process.Lines.TakeLast(40))}");
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
