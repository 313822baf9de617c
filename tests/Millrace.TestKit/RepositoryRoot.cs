namespace Millrace.TestKit;

/// <summary>Finds the repository that the running test or benchmark was built in.</summary>
public static class RepositoryRoot
{
    /// <summary>The folder that holds Millrace.slnx.</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Millrace.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Millrace.slnx.");
    }
}
