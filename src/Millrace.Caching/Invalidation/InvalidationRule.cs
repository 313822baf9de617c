namespace Millrace.Caching.Invalidation;

/// <summary>What one event makes invalid in one cache. Telling it apart from doing it is what makes a preview the truth.</summary>
internal abstract class InvalidationRule(string cacheName, bool everything, bool confirmed)
{
    public string CacheName { get; } = cacheName;

    /// <summary>How errors name it.</summary>
    public abstract string Label { get; }

    /// <summary>True if it runs for this event.</summary>
    public abstract bool Matches(object @event);

    /// <summary>Adds what the event makes invalid; what cannot be told becomes a failure, and the rest is added all the same.</summary>
    public void Collect(object @event, InvalidationSet set, List<Exception> failures)
    {
        if (everything)
        {
            set.AddEverything(confirmed);
        }

        CollectNames(@event, set, failures);
    }

    protected abstract void CollectNames(object @event, InvalidationSet set, List<Exception> failures);

    protected void Add(InvalidationSet set, TemplateKind kind, List<Exception> failures, Func<IEnumerable<string>> names)
    {
        try
        {
            foreach (var name in names() ?? throw new InvalidOperationException("The list of names is null."))
            {
                set.Add(kind, name ?? throw new InvalidOperationException("A name is null."), confirmed);
            }
        }
        catch (Exception failure) // the application's code, and what events hold
        {
            failures.Add(new InvalidOperationException($"{Label}: {failure.Message}", failure));
        }
    }
}
