using System.Collections.Concurrent;
using System.ComponentModel;
using Microsoft.Extensions.Caching.Hybrid;

namespace Millrace.Caching.Tests.DropIns;

/// <summary>What code that knows only <see cref="HybridCache"/> relies on, by the documented behaviour of that class.</summary>
[Trait("req", "C-22")]
public abstract class HybridCacheConformance
{
    private const HybridCacheEntryFlags NoSource = HybridCacheEntryFlags.DisableUnderlyingData;

    public static TheoryData<bool> Removals => [false, true];

    protected abstract HybridCache Cache { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_overloads_of_a_read_share_one_entry()
    {
        Assert.Equal("1", await Cache.GetOrCreateAsync("k1", _ => ValueTask.FromResult("1"), cancellationToken: Token));
        Assert.Equal("1", await Cache.GetOrCreateAsync("k1", "2", static (state, _) => ValueTask.FromResult(state), cancellationToken: Token));
        Assert.Equal("1", await Cache.GetOrCreateAsync("k1".AsSpan(), _ => ValueTask.FromResult("3"), cancellationToken: Token));
        Assert.Equal("1", await Cache.GetOrCreateAsync("k1".AsSpan(), "4", static (state, _) => ValueTask.FromResult(state), cancellationToken: Token));
        var number = 1;
        Assert.Equal("1", await Cache.GetOrCreateAsync($"k{number}", _ => ValueTask.FromResult("5"), cancellationToken: Token));
        Assert.Equal("1", await Cache.GetOrCreateAsync($"k{number}", "6", static (state, _) => ValueTask.FromResult(state), cancellationToken: Token));
    }

    [Fact]
    public async Task A_hundred_concurrent_readers_run_the_factory_once_and_all_get_its_value()
    {
        var runs = 0;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var readers = Enumerable.Range(0, 100).Select(_ => Cache.GetOrCreateAsync("k", async _ =>
        {
            Interlocked.Increment(ref runs);
            await gate.Task;
            return new Mutable { Name = "v" };
        }, cancellationToken: Token).AsTask()).ToArray();
        gate.SetResult();
        var values = await Task.WhenAll(readers).WaitAsync(Caches.Guard, Token);
        Assert.Equal(1, runs);
        Assert.All(values, value => Assert.Equal("v", value.Name));
        Assert.Equal(values.Length, values.Distinct(ReferenceEqualityComparer.Instance).Count()); // what readers could change is never shared
    }

    [Fact]
    public async Task Immutable_types_are_shared_and_mutable_ones_are_not()
    {
        var shared = await ReadAsync("shared", new Shared("v"));
        Assert.Same(shared, await ReadAsync("shared", new Shared("w")));
        var own = await ReadAsync("own", new Mutable { Name = "v" });
        own.Name = "changed";
        Assert.Equal("v", (await ReadAsync("own", new Mutable { Name = "w" })).Name);
    }

    [Fact]
    public async Task Null_is_a_value()
    {
        Assert.Null(await ReadAsync<string?>("k", null));
        Assert.Null(await ReadAsync<string?>("k", "other"));
        await Cache.SetAsync<string?>("set", null, cancellationToken: Token);
        Assert.Null(await ReadAsync<string?>("set", "other"));
    }

    [Fact]
    public async Task A_set_replaces_and_a_removal_forgets()
    {
        await Cache.SetAsync("k", "1", cancellationToken: Token);
        Assert.Equal("1", await ReadAsync("k", "source"));
        await Cache.SetAsync("k", "2", cancellationToken: Token);
        Assert.Equal("2", await ReadAsync("k", "source"));
        await Cache.RemoveAsync("k", Token);
        Assert.Equal("source", await ReadAsync("k", "source"));
        await Cache.RemoveAsync("never", Token);
        await ReadAsync("other", "o");
        await Cache.RemoveAsync(["k", "other", "never"], Token);
        Assert.Equal(("new", "new"), (await ReadAsync("k", "new"), await ReadAsync("other", "new")));
        await Cache.RemoveAsync((IEnumerable<string>)[], Token);
    }

    [Theory]
    [MemberData(nameof(Removals))]
    public async Task A_tag_invalidates_all_that_carry_it_and_nothing_else(bool several)
    {
        await ReadAsync("a", "1", "x", "y");
        await ReadAsync("b", "1", "y");
        await ReadAsync("c", "1", "z");
        await ReadAsync("d", "1");
        await (several ? Cache.RemoveByTagAsync(["x", "z"], Token) : Cache.RemoveByTagAsync("x", Token));
        Assert.Equal("2", await ReadAsync("a", "2"));
        Assert.Equal("1", await ReadAsync("b", "2"));
        Assert.Equal(several ? "2" : "1", await ReadAsync("c", "2"));
        Assert.Equal("1", await ReadAsync("d", "2"));
    }

    [Fact]
    public async Task The_tag_star_invalidates_everything_and_what_is_stored_afterwards_stays()
    {
        await ReadAsync("a", "1", "x");
        await ReadAsync("b", "1");
        await Cache.RemoveByTagAsync("*", Token);
        Assert.Equal(("2", "2"), (await ReadAsync("a", "2", "x"), await ReadAsync("b", "2")));
        Assert.Equal(("2", "2"), (await ReadAsync("a", "3", "x"), await ReadAsync("b", "3")));
    }

    [Fact]
    public async Task Flags_pass_by_what_they_name()
    {
        Assert.Null(await FindAsync("k"));
        Assert.Equal("1", await ReadAsync("k", "1", Flags(HybridCacheEntryFlags.DisableLocalCacheWrite | HybridCacheEntryFlags.DisableDistributedCacheWrite)));
        Assert.Null(await FindAsync("k"));
        Assert.Equal("2", await ReadAsync("k", "2"));
        Assert.Equal("2", await FindAsync("k"));
        Assert.Equal("3", await ReadAsync("k", "3", Flags(HybridCacheEntryFlags.DisableLocalCacheRead | HybridCacheEntryFlags.DisableDistributedCacheRead)));
        Assert.Equal("3", await FindAsync("k"));
    }

    [Fact]
    public async Task What_a_factory_throws_reaches_its_callers_and_is_not_kept()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(async () => await Cache.GetOrCreateAsync<string>("k", _ => throw new TimeoutException("no source"), cancellationToken: Token));
        Assert.Equal("no source", error.Message);
        await Assert.ThrowsAsync<TimeoutException>(async () => await Cache.GetOrCreateAsync<string>("k", async _ =>
        {
            await Task.Yield();
            throw new TimeoutException("no source");
        }, cancellationToken: Token));
        Assert.Equal("v", await ReadAsync("k", "v"));
    }

    [Fact]
    public async Task One_who_gives_up_leaves_the_others_their_value_and_the_last_one_stops_the_factory()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var impatient = new CancellationTokenSource();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ValueTask<string> Source(CancellationToken token)
        {
            started.TrySetResult();
            token.Register(() => stopped.TrySetResult());
            return new ValueTask<string>(gate.Task.WaitAsync(token).ContinueWith(task => task.IsCompletedSuccessfully ? "v" : throw new OperationCanceledException(token), TaskScheduler.Default));
        }

        var leaves = Cache.GetOrCreateAsync("k", Source, cancellationToken: impatient.Token).AsTask();
        var stays = Cache.GetOrCreateAsync("k", Source, cancellationToken: Token).AsTask();
        await started.Task.WaitAsync(Caches.Guard, Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves.WaitAsync(Caches.Guard, Token));
        Assert.False(stopped.Task.IsCompleted);
        gate.SetResult();
        Assert.Equal("v", await stays.WaitAsync(Caches.Guard, Token));

        (gate, started) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        using var last = new CancellationTokenSource();
        var alone = Cache.GetOrCreateAsync("alone", Source, cancellationToken: last.Token).AsTask();
        await started.Task.WaitAsync(Caches.Guard, Token);
        await last.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alone.WaitAsync(Caches.Guard, Token));
        await stopped.Task.WaitAsync(Caches.Guard, Token);
    }

    [Fact]
    public async Task A_reader_with_a_cancelled_token_gets_no_value()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Cache.GetOrCreateAsync("k", _ => ValueTask.FromResult("v"), cancellationToken: new CancellationToken(true)));
        Assert.Null(await FindAsync("k"));
    }

    [Fact]
    public async Task Values_of_every_usual_kind_come_back_as_they_were()
    {
        var moment = new DateTimeOffset(2026, 1, 31, 1, 2, 3, TimeSpan.FromHours(2));
        await RoundTripAsync(42);
        await RoundTripAsync("text");
        await RoundTripAsync(moment);
        await RoundTripAsync((1, "two"));
        await RoundTripAsync(new byte[] { 1, 2, 3 });
        await RoundTripAsync(new List<int> { 1, 2 });
        await RoundTripAsync(new Dictionary<string, int> { ["a"] = 1 });
        await RoundTripAsync(new Shared("v"));
        await RoundTripAsync((int?)null);
        await RoundTripAsync(Guid.Empty);
        await RoundTripAsync(DayOfWeek.Friday);
    }

    [Fact]
    public async Task Many_keys_read_and_removed_at_once_end_with_what_was_last_read()
    {
        var versions = new ConcurrentDictionary<string, int>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), Token, async (i, token) =>
        {
            var key = $"k{i % 20}";
            versions.AddOrUpdate(key, 1, static (_, version) => version + 1);
            await Cache.RemoveAsync(key, token);
            await Cache.GetOrCreateAsync(key, (versions, key), static (state, _) => ValueTask.FromResult(state.versions[state.key]), cancellationToken: token);
        });
        foreach (var (key, version) in versions)
        {
            var found = await Cache.GetOrCreateAsync(key, static _ => ValueTask.FromResult(-1), cancellationToken: Token);
            Assert.True(found == -1 || found == version, $"{key} is {found}, and was last {version}"); // -1: the last read was not stored, which is no lie
        }
    }

    protected ValueTask<T> ReadAsync<T>(string key, T source, params string[] tags) =>
        Cache.GetOrCreateAsync(key, source, static (source, _) => ValueTask.FromResult(source), options: null, tags, Token);

    private static HybridCacheEntryOptions Flags(HybridCacheEntryFlags flags) => new() { Flags = flags };

    private ValueTask<string> ReadAsync(string key, string source, HybridCacheEntryOptions options) =>
        Cache.GetOrCreateAsync(key, source, static (source, _) => ValueTask.FromResult(source), options, tags: null, Token);

    protected ValueTask<string?> FindAsync(string key) =>
        Cache.GetOrCreateAsync<string?>(key, static _ => throw new InvalidOperationException("nobody may ask the source"), Flags(NoSource), tags: null, Token);

    private async Task RoundTripAsync<T>(T value)
    {
        var key = $"value:{typeof(T).Name}";
        await Cache.SetAsync(key, value, cancellationToken: Token);
        Assert.Equivalent(value, await Cache.GetOrCreateAsync<T>(key, static _ => throw new InvalidOperationException("it was set"), cancellationToken: Token), strict: true);
    }

    private sealed class Mutable
    {
        public string Name { get; set; } = "";
    }

    [ImmutableObject(true)]
    private sealed record Shared(string Name);
}
