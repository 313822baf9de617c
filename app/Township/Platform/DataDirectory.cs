namespace Township.Platform;

/// <summary>Where Township keeps what must survive a restart: <c>--data DIR</c>, by default <c>./data</c>.</summary>
internal sealed class DataDirectory
{
    private DataDirectory(string path) => Path = path;

    /// <summary>Absolute; exists.</summary>
    public string Path { get; }

    public static DataDirectory Create(IConfiguration configuration)
    {
        var path = System.IO.Path.GetFullPath(configuration["data"] is { Length: > 0 } configured ? configured : "data");
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"The data directory '{path}' cannot be created: {exception.Message} Name another one with --data DIR.",
                exception);
        }

        return new DataDirectory(path);
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);
}
