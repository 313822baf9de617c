using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Remote;
using Millrace.Caching.Remote.Distributed;
using Millrace.Caching.Remote.Partitioned;
using Millrace.Caching.Tests.Remote.Distributed;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Invalidation;

/// <summary>Trust of each partition by itself.</summary>
[Trait("req", "C-16")]
public sealed class PartitionTrustTests
{
    private readonly InvalidationLedger _ledger = new("test", 100, NullLogger.Instance);

    [Fact]
    public void A_partition_whose_time_is_over_takes_its_own_keys_out_and_no_others()
    {
        _ledger.Split(2, static key => key[0] - '0');
        Assert.False(_ledger.Lapse(1)); // all are away
        _ledger.TrustUntil(0, 100);
        _ledger.TrustUntil(1, 1000);
        var stamp = _ledger.StampFor("0", _ledger.Sequence);
        Assert.Equal(100, _ledger.TrustedUntil);

        Assert.True(_ledger.Lapse(99));
        Assert.False(Covers(stamp, "0"));

        Assert.True(_ledger.Lapse(100));
        Assert.Equal(1000, _ledger.TrustedUntil);
        Assert.True(Covers(stamp, "0"));
        Assert.False(Covers(stamp, "1"));
        Assert.False(_ledger.CoversStale(stamp, stamp, "0", []));

        Assert.False(_ledger.Lapse(1000));
        Assert.True(Covers(stamp, "1"));
    }

    [Fact]
    public void What_is_stored_for_a_partition_that_is_away_is_never_fresh_and_known_for_what_it_is()
    {
        _ledger.Split(2, static key => key[0] - '0');
        _ledger.TrustUntil(0, 100);
        _ledger.InvalidateTag("t");
        var away = _ledger.StampFor("1", _ledger.Sequence);
        Assert.NotEqual(away, _ledger.Sequence);
        Assert.False(_ledger.CoversStale(away, away, "1", ["t"])); // it was read after the invalidation

        _ledger.TrustUntil(1, 100);
        Assert.True(Covers(away, "1"));
        Assert.Equal(_ledger.Sequence, _ledger.StampFor("1", _ledger.Sequence));

        _ledger.InvalidateTag("t");
        Assert.True(_ledger.CoversStale(away, away, "1", ["t"]));
    }

    [Fact]
    public void A_loss_covers_what_was_read_before_it_and_not_what_is_read_when_the_partition_is_back()
    {
        _ledger.Split(2, static key => key[0] - '0');
        _ledger.TrustUntil(0, 100);
        _ledger.TrustUntil(1, 100);
        var before = _ledger.Sequence;
        _ledger.TrustUntil(0, 0);
        _ledger.TrustUntil(0, 200);

        Assert.True(Covers(before, "0"));
        Assert.False(Covers(before, "1"));
        Assert.False(Covers(_ledger.Sequence, "0"));
        Assert.Equal(100, _ledger.TrustedUntil);
    }

    [Fact]
    public async Task Reads_come_to_the_end_of_one_partitions_trust_and_go_on_with_the_others()
    {
        var clock = new FakeClock();
        var map = new Rendezvous(["a", "b"]);
        var parts = new Dictionary<string, ILocalLevel>(StringComparer.Ordinal);
        var (options, store) = (new CacheOptions(), new TroubledStore());
        await using var cache = new Cache(
            "test", options, clock, services: null, registry: null, NullLogger.Instance, seed: 1,
            (local, patterns, _) => new PartitionedLevel(map, local, clock, (name, _, part, _) =>
            {
                parts[name] = part;
                return new DistributedLevel("test", options, name, () => store, TimeSpan.FromSeconds(1), patterns, clock, NullLogger.Instance);
            }));
        parts["a"].TrustUntil(1_000);
        parts["b"].TrustUntil(10_000);
        var keys = Enumerable.Range(0, 20).Select(static i => $"k{i}").ToLookup(key => map.Names[map.Of(key)]);
        foreach (var key in keys.SelectMany(static group => group))
        {
            await cache.SetAsync(key, "v", CachePolicies.Medium, cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.All(keys["a"].Concat(keys["b"]), key => Assert.True(cache.TryGet<string>(key, out _)));

        clock.Advance(TimeSpan.FromMilliseconds(1_000));
        Assert.All(keys["b"], key => Assert.True(cache.TryGet<string>(key, out _)));
        Assert.All(keys["a"], key => Assert.False(cache.TryGet<string>(key, out _)));
        Assert.NotEmpty(keys["a"]);

        parts["a"].TrustLost();
        parts["a"].TrustUntil(20_000); // it is back: what was kept stays not fresh
        Assert.All(keys["a"], key => Assert.False(cache.TryGet<string>(key, out _)));
        Assert.All(keys["b"], key => Assert.True(cache.TryGet<string>(key, out _)));
    }

    private bool Covers(long stamp, string key) => _ledger.Covers(stamp, stamp, key, []);
}
