using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Flight;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Statistics;
using Millrace.Caching.Values;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.FailSafe;

/// <summary>What a batch has read of the second level reaches L1 only if nothing has happened to its key since it was asked for.</summary>
[Trait("req", "C-04"), Trait("req", "C-17")]
public sealed class StoreUnchangedTests
{
    [Theory]
    [InlineData("nothing", true)]
    [InlineData("removed", false)]
    [InlineData("changed elsewhere", false)]
    [InlineData("written", false)]
    public void A_value_is_stored_only_if_nothing_happened_to_its_key(string what, bool isStored)
    {
        var (clock, patterns, writes) = (new CacheClock(new FakeClock()), new KeyPatterns(10), new Lock());
        using var store = new LocalStore(
            new CacheOptions(), new InvalidationLedger("c", 16, NullLogger.Instance), new FlightTable(seed: 1, writes), patterns, clock, seed: 1, writes);
        using var read = new SingleFlight<string>(new FlightKey("k", FlightLevels.ReadsRemote), [], stamp: 0, order: 1, isCancellable: false);
        var changes = store.ChangesOf("k");
        switch (what)
        {
            case "removed":
                store.Remove("k");
                break;
            case "changed elsewhere":
                store.Drop("k");
                break;
            case "written":
                store.BeginWrite("k");
                break;
        }

        store.StoreUnchanged(new SharedEntry<string>(new EntryHead("k", [], 0, 1, clock.Now + 1000, 0, clock.Now, patterns.Of("k")), "old", 3), read, changes);

        Assert.Equal(isStored, store.Find("k", clock.Now) is not null);
    }
}
