namespace Millrace.Caching.WarmUp;

/// <summary>A warmer as it was declared.</summary>
internal sealed record WarmerRegistration(string Name, string CacheName, Func<IServiceProvider, Cache, CancellationToken, ValueTask<int>> Warm);
