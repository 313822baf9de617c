using System.Collections.Concurrent;
using System.Text;

namespace Millrace.Redis.Tests.Push;

/// <summary>Keeps what it is told, in order, as text; a test waits for a line.</summary>
internal sealed class RecordingHandler : RedisInvalidationHandler
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<RedisTrackedConnection> _restored = new();
    private volatile TaskCompletionSource _changed = New();

    /// <summary>Called for each invalidated key, on the connection's thread.</summary>
    public Action<string>? Invalidated { get; set; }

    public IReadOnlyList<string> Lines => [.. _lines];

    public IReadOnlyList<RedisTrackedConnection> Restored => [.. _restored];

    public override void OnInvalidated(ReadOnlySpan<byte> key)
    {
        var text = Encoding.UTF8.GetString(key);
        Add(text);
        Invalidated?.Invoke(text);
    }

    public override void OnAllInvalidated(RedisTrackedConnection connection) => Add("all");

    public override void OnTrustLost(RedisTrackedConnection connection) => Add($"lost {connection.Number}");

    public override void OnTrustRestored(RedisTrackedConnection connection)
    {
        _restored.Enqueue(connection);
        Add($"restored {connection.Number}");
    }

    public int Count(string line) => _lines.Count(other => other == line);

    public async Task WaitForAsync(string line, int count = 1)
    {
        while (true)
        {
            var changed = _changed;
            if (Count(line) >= count)
            {
                return;
            }

            try
            {
                await changed.Task.WaitAsync(TimeSpan.FromSeconds(60));
            }
            catch (TimeoutException timeout)
            {
                throw new TimeoutException($"Waited for {count} times '{line}'; there were: {string.Join(", ", _lines)}.", timeout);
            }
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Add(string line)
    {
        _lines.Enqueue(line);
        Interlocked.Exchange(ref _changed, New()).TrySetResult();
    }
}
