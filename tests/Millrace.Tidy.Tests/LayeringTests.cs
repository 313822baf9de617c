using System.Text.RegularExpressions;

namespace Millrace.Tidy.Tests;

public sealed partial class LayeringTests
{
    /// <summary>The only references each package may have to another of ours.</summary>
    private static readonly Dictionary<string, string[]> AllowedReferences = new(StringComparer.Ordinal)
    {
        ["Millrace.Redis"] = [],
        ["Millrace.Caching"] = ["Millrace.Redis"],
        ["Millrace.Jobs"] = ["Millrace.Redis"],
        ["Millrace.Realtime"] = [],
        ["Millrace.Dashboard"] = [],
        ["Millrace.Sqlite"] = ["Millrace.Caching", "Millrace.Jobs"],
        ["Millrace.PostgreSql"] = ["Millrace.Jobs"],
        ["Millrace.AspNetCore"] = ["Millrace.Redis", "Millrace.Caching", "Millrace.Jobs", "Millrace.Realtime", "Millrace.Sqlite", "Millrace.Dashboard"],
    };

    [Fact]
    public void Every_package_is_listed_here()
    {
        Assert.Equal(AllowedReferences.Keys.Order(StringComparer.Ordinal), Repository.SourcePackages);
    }

    [Fact]
    public void Packages_reference_only_what_their_layer_allows()
    {
        foreach (var package in Repository.SourcePackages)
        {
            var references = ProjectReference().Matches(Repository.Read($"src/{package}/{package}.csproj")).Select(static match => match.Groups[1].Value);

            Assert.Empty(references.Except(AllowedReferences[package], StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Only_the_web_packages_know_ASP_NET_Core()
    {
        foreach (var package in new[] { "Millrace.Redis", "Millrace.Caching", "Millrace.Jobs", "Millrace.Realtime", "Millrace.Sqlite", "Millrace.PostgreSql" })
        {
            Assert.DoesNotContain("Microsoft.AspNetCore.App", Repository.Read($"src/{package}/{package}.csproj"), StringComparison.Ordinal);
            foreach (var file in Repository.Files($"src/{package}", ".cs"))
            {
                Assert.False(Repository.Read(file).Contains("Microsoft.AspNetCore", StringComparison.Ordinal), $"{file} names Microsoft.AspNetCore.");
            }
        }
    }

    [Fact]
    public void Only_the_glue_packages_name_a_database_driver()
    {
        foreach (var (driver, glue) in ((string, string)[])[("Microsoft.Data.Sqlite", "src/Millrace.Sqlite/"), ("using Npgsql", "src/Millrace.PostgreSql/")])
        {
            foreach (var file in Repository.Files("src", ".cs").Where(file => !file.StartsWith(glue, StringComparison.Ordinal)))
            {
                Assert.False(Repository.Read(file).Contains(driver, StringComparison.Ordinal), $"{file} names a driver.");
            }
        }
    }

    [Fact]
    public void Feature_folders_import_each_other_in_one_direction_only()
    {
        foreach (var package in Repository.SourcePackages)
        {
            var imports = FolderImports(package);
            var cycle = FindCycle(imports);

            Assert.True(cycle is null, $"{package}: the folders {cycle} import each other in a circle.");
        }
    }

    private static Dictionary<string, HashSet<string>> FolderImports(string package)
    {
        var imports = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var file in Repository.Files($"src/{package}", ".cs"))
        {
            var parts = file.Split('/');
            if (parts.Length < 4)
            {
                continue; // the root folder: public types, which may use any feature
            }

            var folder = parts[2];
            var targets = imports.TryGetValue(folder, out var known) ? known : imports[folder] = new HashSet<string>(StringComparer.Ordinal);
            foreach (Match match in Regex.Matches(Repository.Read(file), $@"\b{Regex.Escape(package)}\.(\w+)", RegexOptions.NonBacktracking))
            {
                var target = match.Groups[1].Value;
                if (target != folder && Directory.Exists(Path.Combine(Repository.Root, "src", package, target)))
                {
                    targets.Add(target);
                }
            }
        }

        return imports;
    }

    private static string? FindCycle(Dictionary<string, HashSet<string>> imports)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        var path = new List<string>();
        return imports.Keys.Select(Visit).FirstOrDefault(static cycle => cycle is not null);

        string? Visit(string folder)
        {
            var at = path.IndexOf(folder);
            if (at >= 0)
            {
                return string.Join(" -> ", path.Skip(at).Append(folder));
            }

            if (!done.Add(folder) || !imports.TryGetValue(folder, out var targets))
            {
                return null;
            }

            path.Add(folder);
            foreach (var target in targets.Order(StringComparer.Ordinal))
            {
                // A folder whose visit has ended cannot be part of a new circle; one on the path closes it.
                if (path.Contains(target, StringComparer.Ordinal) || !done.Contains(target))
                {
                    if (Visit(target) is { } cycle)
                    {
                        return cycle;
                    }
                }
            }

            path.RemoveAt(path.Count - 1);
            return null;
        }
    }

    [GeneratedRegex(@"<ProjectReference Include=""[^""]*/([\w.]+)\.csproj""", RegexOptions.None, 1000)]
    private static partial Regex ProjectReference();
}
