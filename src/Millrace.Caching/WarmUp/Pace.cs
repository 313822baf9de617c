namespace Millrace.Caching.WarmUp;

/// <summary>Keeps a run to a number of entries per second: each batch begins when those before it have had their time. Thread-safe.</summary>
internal sealed class Pace(double? entriesPerSecond, TimeProvider time)
{
    private readonly Lock _lock = new(); // guards _next
    private DateTimeOffset _next = DateTimeOffset.MinValue;

    public Task WaitAsync(int entries, CancellationToken cancellationToken)
    {
        if (entriesPerSecond is not { } rate)
        {
            return Task.CompletedTask;
        }

        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var begins = _next > now ? _next : now;
            wait = begins - now;
            _next = begins + TimeSpan.FromSeconds(entries / rate);
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, time, cancellationToken) : Task.CompletedTask;
    }
}
