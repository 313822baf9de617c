using Millrace.Caching.Flight;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Remote;

namespace Millrace.Caching.Reading;

/// <summary>Carries out in this process what the second level tells.</summary>
internal sealed class LocalLevel(LocalStore local, FlightTable flights, InvalidationLedger ledger, Action<string> tagInvalidated) : ILocalLevel
{
    public void KeyChanged(string key) => local.Drop(key);

    public void LeaseEnded(string key) => flights.Signals.Fire(key);

    public void TagInvalidated(string tag)
    {
        ledger.InvalidateTag(tag);
        tagInvalidated(tag);
    }

    public void PatternInvalidated(KeyGlob pattern) => ledger.InvalidatePattern(pattern);

    public void EverythingInvalidated()
    {
        ledger.InvalidateEverything();
        tagInvalidated(Naming.KeyRules.Everything);
    }

    public void TrustLost()
    {
        ledger.Distrust();
        flights.Signals.FireAll();
    }

    public void TrustUntil(long timestamp) => ledger.TrustedUntil = timestamp;

    public ILocalLevel[]? Split(int count, Func<string, int> partitionOf)
    {
        ledger.Split(count, partitionOf);
        return [.. Enumerable.Range(0, count).Select(partition => new PartitionLevel(this, partition))];
    }

    private void TrustUntil(int partition, long timestamp) => ledger.TrustUntil(partition, timestamp);

    private void TrustLost(int partition)
    {
        ledger.Distrust(partition);
        flights.Signals.FireAll();
    }

    /// <summary>As one partition tells it.</summary>
    private sealed class PartitionLevel(LocalLevel whole, int partition) : ILocalLevel
    {
        public void KeyChanged(string key) => whole.KeyChanged(key);

        public void LeaseEnded(string key) => whole.LeaseEnded(key);

        public void TagInvalidated(string tag) => whole.TagInvalidated(tag);

        public void PatternInvalidated(KeyGlob pattern) => whole.PatternInvalidated(pattern);

        public void EverythingInvalidated() => whole.EverythingInvalidated();

        public void TrustLost() => whole.TrustLost(partition);

        public void TrustUntil(long timestamp) => whole.TrustUntil(partition, timestamp);

        public ILocalLevel[]? Split(int count, Func<string, int> partitionOf) => null;
    }
}
