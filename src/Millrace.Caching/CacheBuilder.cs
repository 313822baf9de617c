using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Naming;

namespace Millrace.Caching;

/// <summary>Declares what belongs to one cache: rules and warmers. Used while services are registered, by one thread.</summary>
public sealed partial class CacheBuilder
{
    internal CacheBuilder(IServiceCollection services, string name)
    {
        Services = services;
        Name = name;
    }

    /// <summary>The services that the cache is registered in.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The cache's name.</summary>
    public string Name { get; }

    /// <summary>Sets options of this cache; calls add up, and configuration has the last word.</summary>
    /// <returns>This builder, for the next call.</returns>
    public CacheBuilder Configure(Action<CacheOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Services.Configure(CacheRegistration.OptionsName(Name), configure);
        return this;
    }

    /// <summary>
    /// Declares what an event makes invalid in this cache: <c>InvalidateOn&lt;TaskUpdated&gt;(e =&gt; e.Key(x =&gt; $"task:{x.Id}").Tag(x =&gt; $"project:{x.ProjectId}"))</c>.
    /// <see cref="Cache.InvalidateAsync{TEvent}"/> of any cache of the process runs the rule, also for types derived from <typeparamref name="TEvent"/>.
    /// </summary>
    /// <param name="declare">Names keys, tags, patterns or everything; a rule that names nothing is refused.</param>
    /// <returns>This builder, for the next call.</returns>
    /// <exception cref="ArgumentException">The rule names nothing.</exception>
    public CacheBuilder InvalidateOn<TEvent>(Action<CacheInvalidationRule<TEvent>> declare)
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(declare);
        var rule = new CacheInvalidationRule<TEvent>(Name);
        declare(rule);
        if (rule.IsEmpty)
        {
            throw new ArgumentException(
                $"The rule for {typeof(TEvent).Name} on cache '{Name}' invalidates nothing: name keys (Key, Keys), tags (Tag, Tags), patterns (Pattern, Patterns, Region) or Everything().",
                nameof(declare));
        }

        Services.AddSingleton(rule.Build());
        return this;
    }
}
