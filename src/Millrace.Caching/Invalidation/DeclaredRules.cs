namespace Millrace.Caching.Invalidation;

/// <summary>The rules of the configuration, and what is wrong with them.</summary>
internal sealed class DeclaredRules
{
    public List<NamedRule> Rules { get; } = [];

    public List<string> Failures { get; } = [];
}
