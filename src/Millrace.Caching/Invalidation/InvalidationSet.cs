namespace Millrace.Caching.Invalidation;

/// <summary>What the rules for one event make invalid in one cache: names without repetition, and whether other nodes must confirm.</summary>
internal sealed class InvalidationSet(string cacheName)
{
    /// <summary>The most names of one event in one cache.</summary>
    public const int MaximumNames = 100_000;

    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);
    private readonly HashSet<string> _patterns = new(StringComparer.Ordinal);

    public string CacheName { get; } = cacheName;

    public IReadOnlyCollection<string> Keys => _keys;

    public IReadOnlyCollection<string> Tags => _tags;

    public IReadOnlyCollection<string> Patterns => _patterns;

    public bool Everything { get; private set; }

    /// <summary>True where a rule asks for it; then it counts for all names, as stronger is never wrong.</summary>
    public bool Confirmed { get; private set; }

    public bool IsEmpty => !Everything && _keys.Count + _tags.Count + _patterns.Count == 0;

    public void AddEverything(bool confirmed)
    {
        Everything = true;
        Confirmed |= confirmed;
    }

    /// <exception cref="InvalidOperationException">There are too many names.</exception>
    public void Add(TemplateKind kind, string name, bool confirmed)
    {
        if (_keys.Count + _tags.Count + _patterns.Count >= MaximumNames)
        {
            throw new InvalidOperationException($"One event may name {MaximumNames} keys, tags and patterns in a cache. Use a tag or a pattern that covers them.");
        }

        _ = kind switch
        {
            TemplateKind.Key => _keys.Add(name),
            TemplateKind.Tag => _tags.Add(name),
            _ => _patterns.Add(name),
        };
        Confirmed |= confirmed;
    }
}
