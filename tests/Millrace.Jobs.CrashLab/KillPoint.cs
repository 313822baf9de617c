using System.Diagnostics;
using System.Globalization;

namespace Millrace.Jobs.CrashLab;

/// <summary>Where the program kills itself (kill -9): before or after the n-th call of an operation of the store. Thread-safe.</summary>
/// <param name="text"><c>Claim.before.3</c>; null for never.</param>
internal sealed class KillPoint(string? text)
{
    private readonly string[] _parts = text?.Split('.') ?? [];
    private int _calls;

    /// <summary>Kills this process when the point is reached.</summary>
    public Task ReachAsync(string operation, string when) =>
        _parts is [var wanted, var side, var count] && wanted == operation && side == when
        && Interlocked.Increment(ref _calls) == int.Parse(count, CultureInfo.InvariantCulture)
            ? DieAsync()
            : Task.CompletedTask;

    /// <summary>Does not return.</summary>
    public static async Task DieAsync()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None);
    }
}
