using Millrace.Caching.Counting;
using Millrace.Redis;

namespace Millrace.Caching;

/// <summary>
/// Counters that all nodes share: whole numbers of 64 bits under names, changed in one step, with an expiry. In Redis where there is one, else in
/// the memory of this process. Every call is one round trip; time is the server's.
/// </summary>
/// <remarks>
/// Thread-safe. A command whose connection was lost before its answer may have run: it fails with a <see cref="RedisException"/>, is not repeated,
/// and the counter may have changed once. Names have 1 to 512 characters, without braces and control characters; others are refused with an
/// <see cref="ArgumentException"/>.
/// </remarks>
public abstract class CacheCounters
{
    /// <summary>The counters that one call may read or set: 10,000.</summary>
    public const int MaximumBatch = 10_000;

    private protected CacheCounters()
    {
    }

    /// <summary>Counters in the memory of this process, which end with it.</summary>
    /// <param name="timeProvider">Their time; null: the system's.</param>
    /// <param name="limit">How many there may be, at least 1; a further one is refused with an <see cref="InvalidOperationException"/>, because dropping another would lose its count.</param>
    public static CacheCounters InMemory(TimeProvider? timeProvider = null, int limit = 1_000_000) => new MemoryCounters(timeProvider ?? TimeProvider.System, limit);

    /// <summary>Counters in Redis, under the keys <c>cache:!counter:{name}</c>.</summary>
    /// <param name="client">The client; it stays the caller's.</param>
    /// <param name="keyPrefix">What the keys begin with.</param>
    public static CacheCounters InRedis(RedisClient client, string keyPrefix = "cache:") => new RedisCounters(client, keyPrefix);

    /// <summary>Adds to a counter; one that is not there begins at zero.</summary>
    /// <param name="name">The counter.</param>
    /// <param name="by">What to add; negative: what to take away.</param>
    /// <param name="expiry">When it ends; left out, a new counter does not end.</param>
    /// <param name="cancellationToken">Gives up; the counter may change nevertheless.</param>
    /// <returns>The sum.</returns>
    /// <exception cref="OverflowException">The sum does not fit 64 bits; the counter is as it was.</exception>
    /// <exception cref="InvalidOperationException">The key holds no counter, or the memory's limit is reached.</exception>
    public ValueTask<long> IncrementAsync(string name, long by = 1, CounterExpiry expiry = default, CancellationToken cancellationToken = default)
    {
        CheckName(name);
        return AddAsync(name, by, expiry, cancellationToken);
    }

    /// <summary>Takes away from a counter, which may become negative; one that is not there begins at zero.</summary>
    /// <param name="name">The counter.</param>
    /// <param name="by">What to take away; not <see cref="long.MinValue"/>, which has no opposite.</param>
    /// <param name="expiry">When it ends; left out, a new counter does not end.</param>
    /// <param name="cancellationToken">Gives up; the counter may change nevertheless.</param>
    /// <returns>The difference.</returns>
    /// <exception cref="OverflowException">The difference does not fit 64 bits; the counter is as it was.</exception>
    /// <exception cref="InvalidOperationException">The key holds no counter, or the memory's limit is reached.</exception>
    public ValueTask<long> DecrementAsync(string name, long by = 1, CounterExpiry expiry = default, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(by, long.MinValue);
        CheckName(name);
        return AddAsync(name, -by, expiry, cancellationToken);
    }

    /// <summary>Reads a counter.</summary>
    /// <returns>Its value; null when there is none.</returns>
    /// <exception cref="InvalidOperationException">The key holds no counter.</exception>
    public ValueTask<long?> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        CheckName(name);
        return ReadAsync(name, cancellationToken);
    }

    /// <summary>Reads several counters; on a cluster with one command for each slot, all at once, so that the values need not be of one moment.</summary>
    /// <param name="names">At most <see cref="MaximumBatch"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The values in the order of the names, null for each that is not there.</returns>
    /// <exception cref="ArgumentException">A name breaks the rules, or there are too many.</exception>
    /// <exception cref="InvalidOperationException">A key holds no counter.</exception>
    public ValueTask<long?[]> GetManyAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(names);
        CheckBatch(names.Count, nameof(names));
        string[] checkedNames = [.. names];
        Array.ForEach(checkedNames, CheckName);
        return ReadAsync(checkedNames, cancellationToken);
    }

    /// <summary>Sets a counter, whatever it was.</summary>
    /// <param name="name">The counter.</param>
    /// <param name="value">Its value.</param>
    /// <param name="lifetime">When it ends, from one millisecond to ten years from now; null: it does not.</param>
    /// <param name="cancellationToken">Gives up; the counter may be set nevertheless.</param>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The memory's limit is reached.</exception>
    public ValueTask SetAsync(string name, long value, TimeSpan? lifetime = null, CancellationToken cancellationToken = default) =>
        SetManyAsync([KeyValuePair.Create(name, value)], lifetime, cancellationToken);

    /// <summary>Sets several counters in one round trip, each in a step of its own: where one fails, others may have been set.</summary>
    /// <param name="values">Names and values, at most <see cref="MaximumBatch"/>.</param>
    /// <param name="lifetime">When they end, from one millisecond to ten years from now; null: they do not.</param>
    /// <param name="cancellationToken">Gives up; counters may be set nevertheless.</param>
    /// <exception cref="ArgumentException">A name breaks the rules, or there are too many.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The memory's limit is reached.</exception>
    public ValueTask SetManyAsync(
        IReadOnlyCollection<KeyValuePair<string, long>> values, TimeSpan? lifetime = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        CheckBatch(values.Count, nameof(values));
        KeyValuePair<string, long>[] checkedValues = [.. values];
        Array.ForEach(checkedValues, static value => CheckName(value.Key));
        var expiry = lifetime is { } span ? CounterExpiry.Sliding(span) : default;
        return WriteAsync(checkedValues, expiry.Lifetime, cancellationToken);
    }

    /// <summary>Removes a counter and tells what it was, in one step: no increment is lost between reading and resetting.</summary>
    /// <returns>The last value; null when there was none.</returns>
    /// <exception cref="InvalidOperationException">The key held no counter.</exception>
    public ValueTask<long?> ResetAsync(string name, CancellationToken cancellationToken = default)
    {
        CheckName(name);
        return TakeAsync(name, cancellationToken);
    }

    /// <summary>Lets a counter live for a while from now, whatever its expiry was.</summary>
    /// <param name="name">The counter.</param>
    /// <param name="lifetime">From one millisecond to ten years.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is out of its range.</exception>
    public ValueTask<bool> TouchAsync(string name, TimeSpan lifetime, CancellationToken cancellationToken = default)
    {
        CheckName(name);
        return ProlongAsync(name, CounterExpiry.Sliding(lifetime).Lifetime!.Value, cancellationToken);
    }

    /// <summary>How long a counter has to live.</summary>
    /// <returns>The time left; <see cref="Timeout.InfiniteTimeSpan"/>: it does not end; null: it is not there.</returns>
    public ValueTask<TimeSpan?> GetTimeToLiveAsync(string name, CancellationToken cancellationToken = default)
    {
        CheckName(name);
        return TimeLeftAsync(name, cancellationToken);
    }

    /// <summary>Whether a counter is there.</summary>
    public ValueTask<bool> ExistsAsync(string name, CancellationToken cancellationToken = default)
    {
        CheckName(name);
        return IsThereAsync(name, cancellationToken);
    }

    /// <summary>The server's clock, which expiries go by; on a cluster that of one of its servers. In memory, this process's.</summary>
    public abstract ValueTask<DateTimeOffset> GetServerTimeAsync(CancellationToken cancellationToken = default);

    private protected abstract ValueTask<long> AddAsync(string name, long by, CounterExpiry expiry, CancellationToken cancellationToken);

    private protected abstract ValueTask<long?> ReadAsync(string name, CancellationToken cancellationToken);

    private protected abstract ValueTask<long?[]> ReadAsync(string[] names, CancellationToken cancellationToken);

    private protected abstract ValueTask WriteAsync(KeyValuePair<string, long>[] values, TimeSpan? lifetime, CancellationToken cancellationToken);

    private protected abstract ValueTask<long?> TakeAsync(string name, CancellationToken cancellationToken);

    private protected abstract ValueTask<bool> ProlongAsync(string name, TimeSpan lifetime, CancellationToken cancellationToken);

    private protected abstract ValueTask<TimeSpan?> TimeLeftAsync(string name, CancellationToken cancellationToken);

    private protected abstract ValueTask<bool> IsThereAsync(string name, CancellationToken cancellationToken);

    private static void CheckName(string name) => Sharing.SharedNames.Check(name, "counter", nameof(name));

    private static void CheckBatch(int count, string parameter)
    {
        if (count > MaximumBatch)
        {
            throw new ArgumentException($"{count} counters in one call; {MaximumBatch} are allowed. Call several times.", parameter);
        }
    }
}
