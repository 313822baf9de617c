namespace Millrace.Caching.Remote;

/// <summary>What an invalidation names.</summary>
internal enum JournalKind
{
    Key,
    Tag,
    Pattern,
    Everything,
}
