using System.Collections.Concurrent;
using Millrace.Caching.Reading;

namespace Millrace.Caching.WriteBehind;

/// <summary>The pending values of all write-behinds of one cache; asked by reads that are about to go to the source. A read asks those of its type.</summary>
internal sealed class PendingValues(IServiceProvider services, WriteBehindRegistration[] registrations) : IPendingValues
{
    private readonly ConcurrentDictionary<Type, object> _byType = new(); // as many as the program caches types

    public ValueTask<PendingLookup<T>> FindAsync<T>(string key, CancellationToken cancellationToken)
    {
        var found = (WriteBehind<T>[])_byType.GetOrAdd(typeof(T), static (_, all) => all.Of<T>(), this);
        return found.Length switch
        {
            0 => ValueTask.FromResult(PendingLookup<T>.None),
            1 => found[0].FindPendingAsync(key, cancellationToken),
            _ => FindFirstAsync(found, key, cancellationToken),
        };
    }

    private static async ValueTask<PendingLookup<T>> FindFirstAsync<T>(WriteBehind<T>[] all, string key, CancellationToken cancellationToken)
    {
        var isKnown = true;
        foreach (var one in all)
        {
            var lookup = await one.FindPendingAsync(key, cancellationToken).ConfigureAwait(false);
            if (lookup.Found)
            {
                return lookup;
            }

            isKnown &= lookup.IsKnown;
        }

        return isKnown ? PendingLookup<T>.None : PendingLookup<T>.Unknown;
    }

    private WriteBehind<T>[] Of<T>() =>
        [.. registrations.Where(static registration => registration.ValueType == typeof(T)).Select(registration => (WriteBehind<T>)registration.Get(services))];
}
