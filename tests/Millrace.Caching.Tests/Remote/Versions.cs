using System.Collections.Concurrent;
using System.Diagnostics;

namespace Millrace.Caching.Tests.Remote;

/// <summary>
/// A source whose values count up, and readers that are never content: no read may fail, or give less than an invalidation that was known to have
/// reached the reader's node had made of it, or less than that node has read before.
/// </summary>
internal sealed class Versions(CachePolicy policy) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _running = [];
    private readonly ConcurrentDictionary<string, long> _source = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(Cache Node, string Key), long> _least = new();
    private long _reads;
    private long _longestTicks;

    /// <summary>How many reads of readers have ended.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    /// <summary>The longest of them.</summary>
    public TimeSpan Longest => new(Interlocked.Read(ref _longestTicks));

    /// <summary>The source changes.</summary>
    /// <returns>What it has now.</returns>
    public long Change(string key) => _source.AddOrUpdate(key, 1, static (_, version) => version + 1);

    /// <summary>What the source has.</summary>
    public long Of(string key) => _source.GetValueOrDefault(key);

    /// <summary>From now on a node reads no less than this.</summary>
    public void Know(Cache node, string key, long version) =>
        _least.AddOrUpdate((node, key), version, (_, known) => Math.Max(known, version));

    /// <summary>One read, judged.</summary>
    public async Task<long> ReadAsync(Cache node, string key)
    {
        var least = _least.GetValueOrDefault((node, key));
        var began = Stopwatch.GetTimestamp();
        var read = await node.GetOrCreateAsync(key, (Source: this, Key: key), static async (state, _) => await state.Source.SourceAsync(state.Key), policy, ["tag:" + key], Node.Token);
        var took = Stopwatch.GetElapsedTime(began).Ticks;
        for (var longest = Interlocked.Read(ref _longestTicks); took > longest;)
        {
            longest = Interlocked.CompareExchange(ref _longestTicks, took, longest) is var seen && seen == longest ? took : seen;
        }

        Assert.True(read >= least, $"{key} was {read}, and had been {least} or was known to be.");
        Know(node, key, read);
        Interlocked.Increment(ref _reads);
        return read;
    }

    /// <summary>Reads all keys in turn on a node, until <see cref="StopAsync"/>.</summary>
    public void ReadOn(Cache node, IReadOnlyList<string> keys) => Run(async stop =>
    {
        while (!stop.IsCancellationRequested)
        {
            foreach (var key in keys)
            {
                await ReadAsync(node, key);
            }

            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None); // leaves the machine to what moves
        }
    });

    /// <summary>Does something else until <see cref="StopAsync"/>.</summary>
    public void Run(Func<CancellationToken, Task> work) => _running.Add(Task.Run(() => work(_stopping.Token)));

    /// <summary>Whether something that runs has failed; <see cref="StopAsync"/> says what.</summary>
    public bool HasFailed => _running.Exists(static task => task.IsFaulted);

    /// <summary>Ends all that runs. Throws what a read threw, and what was wrong.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async ValueTask<long> SourceAsync(string key)
    {
        var version = Of(key);
        await Task.Yield();
        return version;
    }
}
