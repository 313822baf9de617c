using System.Globalization;
using System.Reflection;
using Millrace.TestKit;

namespace Millrace.JobLoad;

/// <summary>One of the two that are compared: a program that plays the roles, each in a process of its own.</summary>
/// <param name="Program">What is started.</param>
/// <param name="Prefix">Its arguments before the role's.</param>
internal sealed record Side(string Program, IReadOnlyList<string> Prefix)
{
    /// <summary>Makes this program play a role instead of measuring.</summary>
    public const string RoleSwitch = "--role";

    /// <summary>This program: the engine, and the floors that are in .NET.</summary>
    public static Side Own { get; } = new(Environment.ProcessPath!, IsHost ? [Assembly.GetExecutingAssembly().Location, RoleSwitch] : [RoleSwitch]);

    private static bool IsHost => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";

    /// <summary>Plays a role to its end.</summary>
    public async Task<RoleReport> RunAsync(string role, params IReadOnlyList<string> arguments)
    {
        await using var running = Start(role, arguments);
        return await running.ReportAsync();
    }

    /// <summary>Starts to play a role.</summary>
    public RunningRole Start(string role, params IReadOnlyList<string> arguments) =>
        new(ChildProcess.Start(Program, [.. Prefix, role, .. arguments], new Dictionary<string, string?>(StringComparer.Ordinal) { ["NODE_ENV"] = "production" }));

    public static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
