using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;

namespace Millrace.Caching.Tests.DropIns;

/// <summary>What code that knows <see cref="IDistributedCache"/> relies on, whatever is behind it; by its synchronous and asynchronous methods.</summary>
[Trait("req", "C-22")]
public abstract class DistributedCacheConformance
{
    private static readonly DistributedCacheEntryOptions Forever = new();

    public static TheoryData<bool> Ways => [false, true];

    public static TheoryData<string> OddKeys => ["", " ", "a b", "ключ", "line\nbreak", "\u0000", new string('k', 4000), "half 1", "half 2", "😀", "*", "{k}", "%key:abc", "a:b:c"];

    protected abstract IBufferDistributedCache Cache { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_was_never_set_is_null(bool sync)
    {
        Assert.Null(await GetAsync("missing", sync));
        var buffer = new ArrayBufferWriter<byte>();
        Assert.False(sync ? Cache.TryGet("missing", buffer) : await Cache.TryGetAsync("missing", buffer, Token));
        Assert.Equal(0, buffer.WrittenCount);
        await RefreshAsync("missing", sync);
        await RemoveAsync("missing", sync);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_was_set_is_got_and_what_was_set_last_counts(bool sync)
    {
        var value = new byte[5000];
        new Random(7).NextBytes(value);
        await SetAsync("k", value, sync);
        Assert.Equal(value, await GetAsync("k", sync));
        Assert.Equal(value, await GetAsync("k", !sync));
        await SetAsync("k", [], sync);
        Assert.Equal(Array.Empty<byte>(), await GetAsync("k", sync));
        await SetAsync("K", [1], sync);
        Assert.Equal(Array.Empty<byte>(), await GetAsync("k", sync)); // case matters
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_was_removed_is_gone(bool sync)
    {
        await SetAsync("k", [1], sync);
        await SetAsync("other", [2], sync);
        await RemoveAsync("k", sync);
        Assert.Null(await GetAsync("k", sync));
        Assert.Equal((byte[])[2], await GetAsync("other", sync));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Buffers_carry_the_same_bytes(bool sync)
    {
        var first = new Segment([1, 2, 3]);
        var last = first.Append([4, 5]);
        var sequence = new ReadOnlySequence<byte>(first, 0, last, 2);
        if (sync)
        {
            Cache.Set("k", sequence, Forever);
        }
        else
        {
            await Cache.SetAsync("k", sequence, Forever, Token);
        }

        Assert.Equal((byte[])[1, 2, 3, 4, 5], await GetAsync("k", sync));
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write<byte>([9]);
        Assert.True(sync ? Cache.TryGet("k", buffer) : await Cache.TryGetAsync("k", buffer, Token));
        Assert.Equal([9, 1, 2, 3, 4, 5], buffer.WrittenSpan.ToArray());
    }

    [Fact]
    public async Task Nobody_changes_what_another_has()
    {
        byte[] given = [1, 2];
        await Cache.SetAsync("k", given, Forever, Token);
        given[0] = 9;
        var got = await Cache.GetAsync("k", Token);
        got![1] = 9;
        Assert.Equal((byte[])[1, 2], await Cache.GetAsync("k", Token));
    }

    [Theory]
    [MemberData(nameof(OddKeys))]
    public async Task Any_key_is_a_key_of_its_own(string key)
    {
        key = key switch { "half 1" => "\uD800", "half 2" => "\uDC00", _ => key }; // a test runner cannot carry halves of characters
        if (key == "\uD800")
        {
            await Cache.SetAsync("\uD801", [9], Forever, Token); // an encoder would make one key of both
        }

        await Cache.SetAsync("k", [0], Forever, Token);
        await Cache.SetAsync(key, [1], Forever, Token);
        await Cache.SetAsync(key + "!", [2], Forever, Token);
        Assert.Equal((byte[])[1], await Cache.GetAsync(key, Token));
        await Cache.RemoveAsync(key, Token);
        Assert.Null(await Cache.GetAsync(key, Token));
        Assert.Equal((byte[])[2], await Cache.GetAsync(key + "!", Token));
        Assert.Equal((byte[])[0], await Cache.GetAsync("k", Token));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Null_is_refused(bool sync)
    {
        await Assert.ThrowsAsync<ArgumentNullException>(() => GetAsync(null!, sync));
        await Assert.ThrowsAsync<ArgumentNullException>(() => SetAsync(null!, [1], sync));
        await Assert.ThrowsAsync<ArgumentNullException>(() => SetAsync("k", null!, sync));
        await Assert.ThrowsAsync<ArgumentNullException>(() => SetAsync("k", [1], sync, null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => RefreshAsync(null!, sync));
        await Assert.ThrowsAsync<ArgumentNullException>(() => RemoveAsync(null!, sync));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task An_absolute_time_in_the_past_is_refused(bool sync)
    {
        var options = new DistributedCacheEntryOptions { AbsoluteExpiration = DateTimeOffset.UnixEpoch };
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => SetAsync("k", [1], sync, options));
        Assert.Null(await GetAsync("k", sync));
    }

    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Cache.SetAsync("k", [1], Forever, cancelled));
        Assert.Null(await Cache.GetAsync("k", Token));
        await Cache.SetAsync("k", [1], Forever, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Cache.GetAsync("k", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Cache.RefreshAsync("k", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Cache.RemoveAsync("k", cancelled));
        Assert.Equal((byte[])[1], await Cache.GetAsync("k", Token));
    }

    [Fact]
    public async Task Synchronous_calls_do_not_need_the_context_they_block()
    {
        // A context with one thread, as in desktop programs: whatever is posted to it waits until the call returns, so a call that needs it never does.
        var call = Task.Run(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new Stuck());
            Cache.Set("k", [1], Forever);
            Cache.Refresh("k");
            var value = Cache.Get("k");
            Cache.Remove("k");
            return (value, Cache.Get("k"));
        }, Token);
        var (set, removed) = await call.WaitAsync(Caches.Guard, Token);
        Assert.Equal([1], set);
        Assert.Null(removed);
    }

    protected async Task<byte[]?> GetAsync(string key, bool sync) => sync ? Cache.Get(key) : await Cache.GetAsync(key, Token);

    protected Task SetAsync(string key, byte[] value, bool sync) => SetAsync(key, value, sync, Forever);

    protected async Task SetAsync(string key, byte[] value, bool sync, DistributedCacheEntryOptions options)
    {
        if (sync)
        {
            Cache.Set(key, value, options);
        }
        else
        {
            await Cache.SetAsync(key, value, options, Token);
        }
    }

    protected async Task RefreshAsync(string key, bool sync)
    {
        if (sync)
        {
            Cache.Refresh(key);
        }
        else
        {
            await Cache.RefreshAsync(key, Token);
        }
    }

    private async Task RemoveAsync(string key, bool sync)
    {
        if (sync)
        {
            Cache.Remove(key);
        }
        else
        {
            await Cache.RemoveAsync(key, Token);
        }
    }

    private sealed class Stuck : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes) => Memory = bytes;

        public Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
