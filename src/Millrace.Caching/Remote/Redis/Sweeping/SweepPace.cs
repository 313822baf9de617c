namespace Millrace.Caching.Remote.Redis.Sweeping;

/// <summary>Bounds how many keys a server looks at in a second. What was not used is not saved up. For one sweep at a time.</summary>
internal sealed class SweepPace(int keysPerSecond, TimeProvider time)
{
    private const int PagesPerSecond = 10;
    private const int LargestPage = 500;

    private long _last;

    /// <summary>How many keys the server looks at for one page, about.</summary>
    public int PageKeys { get; } = Math.Clamp(keysPerSecond / PagesPerSecond, 1, LargestPage);

    /// <summary>Ends when the next page may be asked for.</summary>
    public async ValueTask NextAsync(CancellationToken cancellationToken)
    {
        var between = TimeSpan.FromSeconds((double)PageKeys / keysPerSecond);
        if (_last != 0 && between - time.GetElapsedTime(_last) is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left, time, cancellationToken).ConfigureAwait(false);
        }

        _last = time.GetTimestamp();
    }
}
