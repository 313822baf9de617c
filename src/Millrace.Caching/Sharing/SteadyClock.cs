namespace Millrace.Caching.Sharing;

/// <summary>The server's clock where memory is the server: the wall clock at the start, and from then on what has elapsed, so that it never goes back.</summary>
internal sealed class SteadyClock(TimeProvider time)
{
    private readonly DateTimeOffset _start = time.GetUtcNow();
    private readonly long _stamp = time.GetTimestamp();

    public DateTimeOffset Now => _start + time.GetElapsedTime(_stamp);
}
