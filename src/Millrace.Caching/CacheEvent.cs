using Millrace.Caching.Invalidation;

namespace Millrace.Caching;

/// <summary>Something that happened, under a name that rules know: <c>payment.succeeded</c>. Immutable as far as its data is.</summary>
public sealed record CacheEvent
{
    /// <summary>An event.</summary>
    /// <param name="name">Its name, 1 to 128 characters; rules compare it without regard to case.</param>
    /// <param name="data">
    /// What the parts of rules are read from, null for nothing: an object's public properties, a dictionary, a <see cref="System.Text.Json.JsonElement"/>
    /// or <see cref="System.Text.Json.Nodes.JsonNode"/>. It is read while rules run and must not change meanwhile.
    /// </param>
    /// <exception cref="ArgumentException">The name is empty, too long, or holds control characters.</exception>
    public CacheEvent(string name, object? data = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (RuleSection.CheckEventName(name) is { } fault)
        {
            throw new ArgumentException($"'{name}' cannot be raised: {fault}", nameof(name));
        }

        (Name, Data) = (name, data);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What the parts of rules are read from; null: nothing.</summary>
    public object? Data { get; }

    /// <summary>The name alone: the data may be anybody's secret.</summary>
    public override string ToString() => Name;
}
