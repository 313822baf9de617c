namespace Millrace.Caching.WarmUp.Prediction;

/// <summary>A file that is replaced as a whole: who reads it sees the old state or the new one, whatever happens in between.</summary>
internal sealed class LearnedFile(string path)
{
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>What stands in it; both parts are null where there is no file.</summary>
    public async Task<(LearnedState? State, string? Fault)> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Path))
        {
            return (null, null);
        }

        if (new FileInfo(Path).Length > LearnedState.LargestBytes)
        {
            return (null, $"it has more than {LearnedState.LargestBytes} bytes");
        }

        var bytes = await File.ReadAllBytesAsync(Path, cancellationToken).ConfigureAwait(false);
        return (LearnedState.TryRead(bytes, out var fault), fault);
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> state, CancellationToken cancellationToken)
    {
        var next = Path + ".next";
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        var file = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        await using (file.ConfigureAwait(false))
        {
            await file.WriteAsync(state, cancellationToken).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, Path, overwrite: true);
    }
}
