using System.Text.RegularExpressions;

namespace Millrace.Tidy.Tests;

/// <summary>What the compiler's list of banned symbols cannot say. The list itself is BannedSymbols.txt.</summary>
public sealed class BannedCallTests
{
    private static readonly (string Pattern, string Why)[] Everywhere =
    [
        (@"\.GetAwaiter\(\)\s*\.GetResult\(\)", "blocks a thread: await it"),
        (@"NotImplementedException", "is not a finished line"),
        (@"\b(TODO|FIXME|HACK|XXX)\b", "is not a finished line"),
        (@"catch\s*(\([^)]*\))?\s*\{\s*\}", "swallows an error in silence: handle it, log it or say why in a comment"),
        (@"#region", "hides code: split the type"),
        (@"\bType\.GetType\s*\(", "instantiates types by name"),
        (@"#pragma warning disable [^/]*$", "a pragma carries its reason in a comment on its line"),
    ];

    /// <summary>The one place that may block: an interface of .NET has synchronous methods, and what is behind them may be a server.</summary>
    private const string MayBlock = "src/Millrace.Caching/DropIns/SynchronousWait.cs";

    private static readonly (string Pattern, string Why)[] InTests =
    [
        (@"\bSkip\s*=", "no test is skipped: what it needs is installed by ./test"),
        (@"Assert\.Skip", "no test is skipped: what it needs is installed by ./test"),
        (@"Assert\.True\(true\)", "cannot fail"),
        (@"Process\.GetProcessesByName", "servers are ended by their process id"),
    ];

    private static readonly (string Pattern, string Why)[] InSource =
    [
        (@"\bConsole\.(Write|Error|Out)", "a library logs, it does not print"),
        (@"\bstatic\s+(?!readonly|partial|extern)[\w<>?,\[\]]+\s+_\w+\s*(=|;)", "is mutable static state"),
        (@"async\s+void\b", "loses its exceptions: return a Task"),
    ];

    [Fact]
    public void No_code_uses_what_is_banned_everywhere() => AssertNone(["src", "app", "tests", "bench", "samples"], Everywhere);

    [Fact]
    public void No_test_skips_or_pretends() => AssertNone(["tests"], InTests);

    [Fact]
    public void No_library_code_prints_blocks_or_keeps_static_state() => AssertNone(["src"], InSource);

    [Fact]
    public void The_banned_symbols_are_in_force_in_every_project()
    {
        Assert.Contains("BannedSymbols.txt", Repository.Read("Directory.Build.props"), StringComparison.Ordinal);
        Assert.Contains("<TreatWarningsAsErrors>true</TreatWarningsAsErrors>", Repository.Read("Directory.Build.props"), StringComparison.Ordinal);
        foreach (var project in Repository.Files("", ".csproj"))
        {
            Assert.DoesNotContain("RS0030", Repository.Read(project), StringComparison.Ordinal);
        }
    }

    private static void AssertNone(string[] folders, (string Pattern, string Why)[] banned)
    {
        var found = new List<string>();
        foreach (var file in folders.SelectMany(static folder => Repository.Files(folder, ".cs")))
        {
            if (file.StartsWith("tests/Millrace.Tidy.Tests/", StringComparison.Ordinal))
            {
                continue; // names them
            }

            var text = Repository.Read(file);
            foreach (var (pattern, why) in banned.Where(rule => file != MayBlock || rule != Everywhere[0]))
            {
                foreach (Match match in Regex.Matches(text, pattern, RegexOptions.Multiline, TimeSpan.FromSeconds(5)))
                {
                    found.Add($"{file}:{text.AsSpan(0, match.Index).Count('\n') + 1}: `{match.Value.Trim()}` {why}");
                }
            }
        }

        Assert.True(found.Count == 0, string.Join('\n', found));
    }
}
