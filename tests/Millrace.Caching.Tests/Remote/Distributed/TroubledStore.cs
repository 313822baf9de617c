using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Millrace.Caching.Tests.Remote.Distributed;

/// <summary>The framework's distributed cache, in memory; it can fail, and fall silent.</summary>
internal sealed class TroubledStore : IDistributedCache
{
    private readonly MemoryDistributedCache _store = new(Options.Create(new MemoryDistributedCacheOptions()));
    private int _calls;

    public bool Fails { get; set; }

    public bool IsSilent { get; set; }

    /// <summary>Calls wait for it, if it is not null.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public int Calls => Volatile.Read(ref _calls);

    public byte[]? Get(string key) => throw new NotSupportedException("Nobody waits here.");

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        await TroubleAsync();
        return await _store.GetAsync(key, token);
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException("Nobody waits here.");

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        await TroubleAsync();
        await _store.SetAsync(key, value, options, token);
    }

    public void Refresh(string key) => throw new NotSupportedException("Nobody waits here.");

    public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException("Not needed.");

    public void Remove(string key) => throw new NotSupportedException("Nobody waits here.");

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        await TroubleAsync();
        await _store.RemoveAsync(key, token);
    }

    private async Task TroubleAsync()
    {
        Interlocked.Increment(ref _calls);
        if (Fails)
        {
            throw new IOException("no store");
        }

        if (Gate is { } gate)
        {
            await gate.Task;
        }

        if (IsSilent)
        {
            await new TaskCompletionSource().Task; // and it heeds no token
        }
    }
}
