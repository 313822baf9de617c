namespace Millrace.Tidy.Tests;

/// <summary>The files of this repository, as they are in the working tree, without what is built or brought from elsewhere.</summary>
internal static class Repository
{
    private static readonly string[] Skipped = ["bin", "obj", "node_modules", "vendor", ".git", "TestResults", "artifacts", "data"];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<string> SourcePackages { get; } =
        [.. Directory.GetDirectories(Path.Combine(Root, "src")).Select(static path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    /// <summary>Paths relative to the root, with forward slashes.</summary>
    public static IEnumerable<string> Files(string folder, params string[] extensions)
    {
        var start = Path.Combine(Root, folder);
        return Directory.Exists(start) ? Walk(start, extensions).Order(StringComparer.Ordinal) : [];
    }

    public static string Read(string relativePath) => File.ReadAllText(Path.Combine(Root, relativePath));

    public static string[] ReadLines(string relativePath) => File.ReadAllLines(Path.Combine(Root, relativePath));

    public static bool Exists(string relativePath) =>
        File.Exists(Path.Combine(Root, relativePath)) || Directory.Exists(Path.Combine(Root, relativePath));

    private static IEnumerable<string> Walk(string folder, string[] extensions)
    {
        foreach (var file in Directory.GetFiles(folder))
        {
            if (extensions.Length == 0 || extensions.Contains(Path.GetExtension(file), StringComparer.Ordinal))
            {
                yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
            }
        }

        foreach (var child in Directory.GetDirectories(folder))
        {
            if (!Skipped.Contains(Path.GetFileName(child), StringComparer.Ordinal))
            {
                foreach (var file in Walk(child, extensions))
                {
                    yield return file;
                }
            }
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Millrace.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Millrace.slnx.");
    }
}
