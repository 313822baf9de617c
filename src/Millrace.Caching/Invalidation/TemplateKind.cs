namespace Millrace.Caching.Invalidation;

/// <summary>What a template makes.</summary>
internal enum TemplateKind
{
    Key,
    Tag,
    Pattern,
}
