namespace Township.Platform.Web;

/// <summary>
/// Keeps the host from logging the trace of what ended its start, which <see cref="StartFailure"/> says in one line. From then on
/// the host logs as ever.
/// </summary>
internal sealed class QuietStart
{
    public const string Category = "Microsoft.Extensions.Hosting.Internal.Host";
    private volatile bool _over;

    public bool Passes(LogLevel level) => _over && level >= LogLevel.Warning;

    public void End() => _over = true;
}
