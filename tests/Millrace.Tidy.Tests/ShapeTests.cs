using System.Text.RegularExpressions;

namespace Millrace.Tidy.Tests;

public sealed partial class ShapeTests
{
    private const int MaximumLines = 500;

    [Fact]
    public void A_package_shows_its_public_types_in_its_root_folder_and_nowhere_else()
    {
        var misplaced = new List<string>();
        foreach (var package in Repository.SourcePackages)
        {
            foreach (var file in Repository.Files($"src/{package}", ".cs"))
            {
                var isPublic = PublicType().IsMatch(Repository.Read(file));
                var isAtRoot = file.Count(static c => c == '/') == 2;
                var mayBePublic = isAtRoot || IsPartOfRootType(package, file) || file.StartsWith("src/Millrace.Jobs/Testing/", StringComparison.Ordinal);
                if (isPublic && !mayBePublic)
                {
                    misplaced.Add($"{file} declares a public type: move it to the package's root folder");
                }
                else if (!isPublic && isAtRoot && !IsPackageWide(file))
                {
                    misplaced.Add($"{file} declares no public type: move it to the folder of its feature");
                }
            }
        }

        Assert.True(misplaced.Count == 0, string.Join('\n', misplaced));
    }

    [Fact]
    public void Files_fit_a_reader()
    {
        var long_ = new[] { "src", "app", "tests", "bench" }
            .SelectMany(static folder => Repository.Files(folder, ".cs", ".js", ".mjs", ".cshtml", ".sql"))
            .Select(static file => (file, lines: Repository.ReadLines(file).Length))
            .Where(static row => row.lines > MaximumLines)
            .Select(static row => $"{row.file}: {row.lines} lines, at most {MaximumLines}");

        Assert.Empty(long_);
    }

    [Fact]
    public void Names_say_what_a_type_is()
    {
        var vague = Repository.Files("src", ".cs").Concat(Repository.Files("app", ".cs"))
            .Where(static file => VagueName().IsMatch(Path.GetFileNameWithoutExtension(file)));

        Assert.Empty(vague);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("Millrace.slnx");
        var projects = new[] { "src", "app", "tests", "bench" }.SelectMany(static folder => Repository.Files(folder, ".csproj"));

        Assert.All(projects, project => Assert.Contains($"Path=\"{project}\"", solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_package_has_a_readme()
    {
        Assert.All(Repository.SourcePackages, static package => Assert.True(Repository.Exists($"src/{package}/README.md"), $"src/{package}/README.md is missing."));
    }

    /// <summary>A long type may have parts, such as RedisCommands.Strings.cs, in a folder: the root shows RedisCommands.cs.</summary>
    private static bool IsPartOfRootType(string package, string file) =>
        Path.GetFileName(file).Split('.') is [var type, _, "cs"] && Repository.Exists($"src/{package}/{type}.cs");

    /// <summary>Files that serve the whole package and belong to no feature.</summary>
    private static bool IsPackageWide(string file) =>
        Path.GetFileName(file) is "Log.cs" or "AssemblyInfo.cs" or "GlobalUsings.cs" or "MetricNames.cs";

    [GeneratedRegex(@"^public\s+(?:(?:static|sealed|abstract|partial|readonly|ref|unsafe)\s+)*(?:class|struct|record|interface|enum|delegate)\b", RegexOptions.Multiline, 5000)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"(Manager|Helper|Helpers|Util|Utils|Common)$", RegexOptions.None, 1000)]
    private static partial Regex VagueName();
}
