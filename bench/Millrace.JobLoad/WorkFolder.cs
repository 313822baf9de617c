namespace Millrace.JobLoad;

/// <summary>A temporary folder for database files, removed at the end.</summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("millrace-jobload-");
    private int _files;

    /// <summary>A file that is not there yet; the ones before it are removed.</summary>
    public string NewFile()
    {
        foreach (var file in _folder.GetFiles())
        {
            file.Delete();
        }

        return Path.Combine(_folder.FullName, $"jobs-{++_files}.db");
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
