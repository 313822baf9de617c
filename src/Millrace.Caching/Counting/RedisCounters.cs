using System.Diagnostics.CodeAnalysis;
using Millrace.Caching.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Counting;

/// <summary>Counters as Redis has them: strings that hold a number, so that redis-cli and others can read and change them too.</summary>
internal sealed class RedisCounters : CacheCounters
{
    private static readonly RedisScript Increment = Scripts.Load("Counting", "Increment", keyCount: 1);

    private readonly RedisClient _client;
    private readonly SharedNames _names;

    public RedisCounters(RedisClient client, string keyPrefix)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(keyPrefix);
        (_client, _names) = (client, new SharedNames(keyPrefix, "counter"));
    }

    public override ValueTask<DateTimeOffset> GetServerTimeAsync(CancellationToken cancellationToken = default) => _client.TimeAsync(cancellationToken);

    private protected override async ValueTask<long> AddAsync(string name, long by, CounterExpiry expiry, CancellationToken cancellationToken)
    {
        try
        {
            if (expiry.Lifetime is not { } lifetime)
            {
                return await _client.IncrByAsync(_names.Key(name), by, cancellationToken).ConfigureAwait(false);
            }

            var sum = await _client.EvaluateAsync(
                Increment, [_names.Key(name)], [by, Scripts.Milliseconds(lifetime), expiry.IsSliding ? 1 : 0], cancellationToken).ConfigureAwait(false);
            return sum.AsInt64();
        }
        catch (RedisServerException refused) when (refused.Message.Contains("overflow", StringComparison.OrdinalIgnoreCase))
        {
            throw Faults.Overflow(name, refused);
        }
        catch (RedisServerException refused) when (IsNoNumber(refused))
        {
            // Garnet says this of a sum that does not fit, too: reading tells what is there.
            _ = await ReadAsync(name, cancellationToken).ConfigureAwait(false) ?? throw Faults.NoCounter(name, refused);
            throw Faults.Overflow(name, refused);
        }
    }

    private protected override async ValueTask<long?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return Parse(name, await _client.GetAsync(_names.Key(name), cancellationToken).ConfigureAwait(false));
        }
        catch (RedisServerException refused) when (IsNoNumber(refused))
        {
            throw Faults.NoCounter(name, refused);
        }
    }

    private protected override async ValueTask<long?[]> ReadAsync(string[] names, CancellationToken cancellationToken)
    {
        var values = await _client.MGetAsync(Array.ConvertAll(names, name => new RedisKey(_names.Key(name))), cancellationToken).ConfigureAwait(false);
        var numbers = new long?[names.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Parse(names[i], values[i]);
        }

        return numbers;
    }

    [SuppressMessage("Reliability", "CA2012", Justification = "What a batch gives is awaited once, after the batch.")]
    private protected override async ValueTask WriteAsync(KeyValuePair<string, long>[] values, TimeSpan? lifetime, CancellationToken cancellationToken)
    {
        var expiry = lifetime is { } span ? RedisExpiry.After(span) : RedisExpiry.Never;
        if (values is [var (only, number)])
        {
            await _client.SetAsync(_names.Key(only), number, expiry, cancellationToken: cancellationToken).ConfigureAwait(false);
            return;
        }

        using var batch = _client.CreateBatch();
        var writes = new ValueTask<bool>[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            writes[i] = batch.SetAsync(_names.Key(values[i].Key), values[i].Value, expiry, cancellationToken: cancellationToken);
        }

        await batch.ExecuteAsync().ConfigureAwait(false);
        foreach (var write in writes)
        {
            await write.ConfigureAwait(false);
        }
    }

    private protected override async ValueTask<long?> TakeAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return Parse(name, await _client.GetDelAsync(_names.Key(name), cancellationToken).ConfigureAwait(false));
        }
        catch (RedisServerException refused) when (IsNoNumber(refused))
        {
            throw Faults.NoCounter(name, refused);
        }
    }

    private protected override ValueTask<bool> ProlongAsync(string name, TimeSpan lifetime, CancellationToken cancellationToken) =>
        _client.ExpireAsync(_names.Key(name), lifetime, cancellationToken: cancellationToken);

    private protected override ValueTask<TimeSpan?> TimeLeftAsync(string name, CancellationToken cancellationToken) =>
        _client.TtlAsync(_names.Key(name), cancellationToken);

    private protected override ValueTask<bool> IsThereAsync(string name, CancellationToken cancellationToken) =>
        _client.ExistsAsync(_names.Key(name), cancellationToken);

    private static long? Parse(string name, byte[]? value) =>
        value is null ? null : Scripts.TryParse(value, out var number) ? number : throw Faults.NoCounter(name);

    private static bool IsNoNumber(RedisServerException refused) =>
        refused.Code == "WRONGTYPE" || refused.Message.Contains("WRONGTYPE", StringComparison.Ordinal)
        || refused.Message.Contains("not an integer", StringComparison.Ordinal);
}
