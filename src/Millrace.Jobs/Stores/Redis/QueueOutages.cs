using System.Collections.Concurrent;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>The queues whose server does not answer. They are not asked again by everybody, who would wait a time-out each before serving the others: one look per
/// queue goes on until it succeeds. Thread-safe.</summary>
/// <param name="look">Asks a queue's server something small.</param>
/// <param name="isBack">Told when it has answered.</param>
internal sealed class QueueOutages(Func<string, CancellationToken, Task> look, Action<string> isBack) : IAsyncDisposable
{
    /// <summary>A queue that is back is known to be within this.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, RedisException> _away = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _looks = new(StringComparer.Ordinal); // the last one of each queue, awaited in the end

    /// <summary>Whether an error says that a server is away, rather than that it refuses something.</summary>
    public static bool IsOutage(RedisException error) => error is RedisConnectionException or RedisTimeoutException or RedisServerException { Code: "CLUSTERDOWN" };

    /// <summary>Whether any queue is away.</summary>
    public bool Any => !_away.IsEmpty;

    /// <summary>Why a queue is away; null: as far as is known it is not.</summary>
    public RedisException? Find(string queue) => _away.IsEmpty ? null : _away.GetValueOrDefault(queue);

    public void Add(string queue, RedisException error)
    {
        if (!_stop.IsCancellationRequested && _away.TryAdd(queue, error))
        {
            _looks[queue] = LookAsync(queue, _stop.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(_looks.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(string queue, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            await Task.Delay(pause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            try
            {
                await look(queue, cancellationToken).ConfigureAwait(false);
                break;
            }
            catch (RedisException error) when (IsOutage(error))
            {
                // Still away; whoever asked for the queue has told of it.
            }
            catch (RedisException)
            {
                break; // it answers; what it refuses is told to whoever asks next
            }
        }

        _away.TryRemove(queue, out _);
        isBack(queue);
    }
}
