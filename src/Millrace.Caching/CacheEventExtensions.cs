using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.Invalidation;

namespace Millrace.Caching;

/// <summary>Events by name: rules for them, raising them, and looking at what they would do.</summary>
public static class CacheEventExtensions
{
    /// <summary>
    /// Declares what events of a name make invalid in this cache:
    /// <c>InvalidateOn("payment.succeeded", e =&gt; e.Key("payment:history:{userId}").Pattern("user:{userId}:*"))</c>. The configuration section
    /// <c>Millrace:Cache:Rules</c> declares such rules too; they add up.
    /// </summary>
    /// <param name="builder">The cache.</param>
    /// <param name="eventName">The event's name, 1 to 128 characters; case does not matter.</param>
    /// <param name="declare">Names keys, tags, patterns, regions or everything; a rule that names nothing is refused.</param>
    /// <returns>The builder, for the next call.</returns>
    /// <exception cref="ArgumentException">The name or a template is malformed, or the rule names nothing.</exception>
    public static CacheBuilder InvalidateOn(this CacheBuilder builder, string eventName, Action<CacheEventRule> declare)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(eventName);
        ArgumentNullException.ThrowIfNull(declare);
        if (RuleSection.CheckEventName(eventName) is { } fault)
        {
            throw new ArgumentException($"There can be no rule for '{eventName}': {fault}", nameof(eventName));
        }

        var rule = new CacheEventRule(builder.Name, eventName);
        declare(rule);
        if (rule.IsEmpty)
        {
            throw new ArgumentException(
                $"The rule for '{eventName}' on cache '{builder.Name}' invalidates nothing: name Key, Tag, Pattern, Region or Everything().", nameof(declare));
        }

        builder.Services.AddSingleton(rule.Build());
        return builder;
    }

    /// <summary>Registers a source of events, a singleton; its events run the rules of all caches of this process while the host runs.</summary>
    /// <returns>The builder, for the next call.</returns>
    public static CacheBuilder AddEventSource<TSource>(this CacheBuilder builder)
        where TSource : class, ICacheEventSource
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ICacheEventSource, TSource>());
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EventSources>());
        return builder;
    }

    /// <summary>
    /// Raises an event by name: <c>InvalidateAsync("payment.succeeded", new { userId = 42 })</c>. Runs every rule for it, each on the cache that it was
    /// declared on, whichever cache this is. An event without rules does nothing.
    /// </summary>
    /// <param name="cache">Any cache of the process.</param>
    /// <param name="eventName">The event's name.</param>
    /// <param name="data">What the parts of rules are read from; see <see cref="CacheEvent"/>.</param>
    /// <param name="cancellationToken">Ends the wait; what was invalidated until then stays invalid.</param>
    /// <exception cref="ArgumentException">The name is malformed.</exception>
    /// <exception cref="InvalidOperationException">A rule failed, for want of a part for example; all that could be invalidated is.</exception>
    public static ValueTask InvalidateAsync(this Cache cache, string eventName, object? data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cache);
        return cache.InvalidateAsync(new CacheEvent(eventName, data), cancellationToken);
    }

    /// <summary>Tells what an event would invalidate, and invalidates nothing.</summary>
    /// <param name="cache">Any cache of the process.</param>
    /// <param name="event">An event as for <see cref="Cache.InvalidateAsync{TEvent}"/>; a <see cref="CacheEvent"/> for one by name.</param>
    public static CacheInvalidationPreview PreviewInvalidation<TEvent>(this Cache cache, TEvent @event)
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(@event);
        return cache.Registry?.Rules.Preview(@event) ?? new CacheInvalidationPreview(InvalidationRules.NameOf(@event), [], []);
    }

    /// <inheritdoc cref="PreviewInvalidation{TEvent}(Cache, TEvent)" />
    /// <param name="cache">Any cache of the process.</param>
    /// <param name="eventName">The event's name.</param>
    /// <param name="data">What the parts of rules are read from; see <see cref="CacheEvent"/>.</param>
    /// <exception cref="ArgumentException">The name is malformed.</exception>
    public static CacheInvalidationPreview PreviewInvalidation(this Cache cache, string eventName, object? data) =>
        PreviewInvalidation(cache, new CacheEvent(eventName, data));
}
