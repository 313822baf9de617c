using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Reading;

namespace Millrace.Caching.WarmUp;

/// <summary>What every run needs.</summary>
internal sealed record WarmingServices(CacheRegistry Caches, IServiceScopeFactory Scopes, TimeProvider Time, Jitter Chance, ILogger Logger);
