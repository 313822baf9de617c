using System.Diagnostics.CodeAnalysis;
using Millrace.Redis;

namespace Millrace.Micro;

/// <summary>A caller that sends batches of GETs, the same batch object again and again.</summary>
internal sealed class BatchCaller(RedisClient client, string key, int size, int valueBytes)
{
    private readonly RedisBatch _batch = client.CreateBatch();
    private readonly Memory<byte> _buffer = new byte[valueBytes];
    private readonly ValueTask<int>[] _replies = new ValueTask<int>[size];

    /// <returns>How many of the replies were the value.</returns>
    [SuppressMessage("Reliability", "CA2012", Justification = "What a batch gives is awaited after it was executed, each once.")]
    public async ValueTask<int> RunAsync()
    {
        for (var i = 0; i < _replies.Length; i++)
        {
            _replies[i] = _batch.GetAsync(key, _buffer);
        }

        await _batch.ExecuteAsync().ConfigureAwait(false);
        var right = 0;
        for (var i = 0; i < _replies.Length; i++)
        {
            right += await _replies[i].ConfigureAwait(false) == valueBytes ? 1 : 0;
        }

        return right;
    }
}
