namespace Millrace.Redis.Connection;

/// <summary>Told every tick of the client's clock. Must not block or throw.</summary>
internal interface IClockWatcher
{
    /// <param name="now">The clock, in milliseconds.</param>
    void OnTick(long now);
}
