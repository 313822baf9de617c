namespace Millrace.Caching.WriteBehind;

/// <summary>Where the write-behinds of one cache keep their writes; the last one registered counts.</summary>
/// <param name="CacheName">The cache.</param>
/// <param name="Make">Makes the store of one write-behind: of the services, its name and its limits.</param>
internal sealed record StoreChoice(string CacheName, Func<IServiceProvider, string, StoreLimits, WriteBehindStore> Make);
