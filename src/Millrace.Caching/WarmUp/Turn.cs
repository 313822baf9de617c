using System.Globalization;

namespace Millrace.Caching.WarmUp;

/// <summary>Lets a stated number in at a time and a stated number wait; who comes then is refused. Thread-safe.</summary>
internal sealed class Turn(int width, string what) : IDisposable
{
    public const int MostWaiting = 1000;

    private readonly SemaphoreSlim _places = new(width);
    private int _waiting;

    /// <exception cref="InvalidOperationException">Too many wait already.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture, $"{MostWaiting} callers wait for {what} already. Do not start it once per request."));
        }

        try
        {
            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void End()
    {
        try
        {
            _places.Release();
        }
        catch (ObjectDisposedException)
        {
            // the process ends: nobody can wait any more
        }
    }

    public void Dispose() => _places.Dispose();
}
