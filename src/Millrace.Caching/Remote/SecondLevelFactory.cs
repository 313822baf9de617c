using Millrace.Caching.Local;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Remote;

/// <summary>Makes the second level of a cache that is being made.</summary>
internal delegate SecondLevel SecondLevelFactory(ILocalLevel local, KeyPatterns patterns, CacheClock clock);
