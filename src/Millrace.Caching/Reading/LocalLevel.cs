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
}
