using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Caching;

namespace Millrace.AspNetCore.Management;

/// <summary>Outcomes of warm-up runs by name, in camel case.</summary>
internal sealed class CacheWarmingOutcomeConverter() : JsonStringEnumConverter<CacheWarmingOutcome>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
