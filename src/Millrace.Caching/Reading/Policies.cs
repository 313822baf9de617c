using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Hybrid;
using Millrace.Caching.FailSafe;

namespace Millrace.Caching.Reading;

/// <summary>Turns policies and per-call options into terms: configuration goes before the policy in code, the call's own options before both.</summary>
internal sealed class Policies(CacheOptions options)
{
    private const int ResolvedPlaces = 32;

    private readonly CachePolicy _default = options.DefaultPolicy;
    private readonly FrozenDictionary<string, CachePolicySettings> _settings = options.Policies.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    // The terms of policies used lately without options of a call, by their identity: policies are declared once and shared.
    private readonly Resolved?[] _resolved = new Resolved?[ResolvedPlaces];

    public EntryTerms Resolve(CachePolicy? policy, HybridCacheEntryOptions? call)
    {
        policy ??= _default;
        if (call is not null)
        {
            return Make(policy, call);
        }

        ref var place = ref _resolved[RuntimeHelpers.GetHashCode(policy) & (ResolvedPlaces - 1)];
        if (Volatile.Read(ref place) is not { } known || !ReferenceEquals(known.Policy, policy))
        {
            known = new Resolved(policy, Make(policy, call: null));
            Volatile.Write(ref place, known);
        }

        return known.Terms;
    }

    private EntryTerms Make(CachePolicy policy, HybridCacheEntryOptions? call)
    {
        var settings = policy.Name is { } name ? _settings.GetValueOrDefault(name) : null;
        var lifetime = Positive(call?.Expiration) ?? settings?.Expiration ?? policy.Expiration;
        return new EntryTerms(
            lifetime < CachePolicy.LongestExpiration ? lifetime : CachePolicy.LongestExpiration,
            Positive(call?.LocalCacheExpiration) ?? settings?.LocalExpiration ?? policy.LocalExpiration,
            (settings?.SlidingExpiration ?? policy.SlidingExpiration) is { } sliding && sliding < lifetime ? sliding : null,
            settings?.Jitter ?? policy.Jitter,
            policy.Immutable,
            SourceTerms.Of(policy, settings));
    }

    /// <summary>Whether a read may get what may be stale, while the second level cannot be asked.</summary>
    public bool AllowsStaleInOutage(CachePolicy? policy) => (policy ?? _default).StaleInOutage;

    private static TimeSpan? Positive(TimeSpan? span) =>
        span <= TimeSpan.Zero
            ? throw new ArgumentOutOfRangeException(
                nameof(span), span, "The expiration in HybridCacheEntryOptions must be greater than zero; to keep nothing, set HybridCacheEntryFlags.DisableLocalCacheWrite.")
            : span;

    private sealed record Resolved(CachePolicy Policy, EntryTerms Terms);
}
