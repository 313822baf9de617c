namespace Township.Platform;

/// <summary>Where Township keeps what must survive a restart: <c>--data DIR</c>, by default <c>./data</c>.</summary>
internal sealed class DataDirectory
{
    private DataDirectory(string path) => Path = path;

    /// <summary>Absolute; exists.</summary>
    public string Path { get; }

    /// <exception cref="UnusableSettingException">It cannot be made or written.</exception>
    public static DataDirectory Create(IConfiguration configuration)
    {
        var path = System.IO.Path.GetFullPath(configuration["data"] is { Length: > 0 } configured ? configured : "data");
        try
        {
            Directory.CreateDirectory(path);
            using var probe = new FileStream( // whether it may be written: an old directory may be somebody else's
                System.IO.Path.Combine(path, $".probe-{Guid.NewGuid():N}"),
                new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UnusableSettingException(
                $"The data directory '{path}' cannot be written: {exception.Message} Name another one with --data DIR.",
                exception);
        }

        return new DataDirectory(path);
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);
}
