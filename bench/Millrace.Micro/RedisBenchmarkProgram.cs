using System.Globalization;
using Millrace.TestKit;

namespace Millrace.Micro;

/// <summary>Redis' own load generator, <c>redis-benchmark</c>: the floor that the figures of the client stand beside.</summary>
internal static class RedisBenchmarkProgram
{
    /// <summary>Runs one command for about a time.</summary>
    /// <param name="port">The server's.</param>
    /// <param name="connections">Its <c>-c</c>.</param>
    /// <param name="pipeline">Its <c>-P</c>.</param>
    /// <param name="seconds">About how long; a short run before finds the number of requests for it.</param>
    /// <param name="command">The command and its arguments.</param>
    /// <returns>Requests per second.</returns>
    public static async Task<double> RunAsync(int port, int connections, int pipeline, double seconds, params string[] command)
    {
        var warm = await RunAsync(port, connections, pipeline, requests: 20_000, command);
        return await RunAsync(port, connections, pipeline, (long)Math.Max(20_000, warm * seconds), command);
    }

    private static async Task<double> RunAsync(int port, int connections, int pipeline, long requests, string[] command)
    {
        string[] arguments =
        [
            "-p", Text(port), "-c", Text(connections), "-P", Text(pipeline), "-n", requests.ToString(CultureInfo.InvariantCulture), "--csv", .. command,
        ];
        await using var program = ChildProcess.Start("redis-benchmark", arguments);
        var code = await program.WaitForExitAsync();
        var line = program.Lines.LastOrDefault(static line => line.StartsWith('"') && !line.StartsWith("\"test\"", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"redis-benchmark ended with code {code} and no figure:\n{string.Join('\n', program.Lines)}");
        // "GET ...","72000.00",...: the command itself may hold commas, so count from the end: six latencies follow the rate.
        return double.Parse(line.Split(',')[^7].Trim('"'), CultureInfo.InvariantCulture);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
