using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Caching;

namespace Millrace.AspNetCore.Management;

/// <summary>Priorities of warmers by name, in camel case.</summary>
internal sealed class CacheWarmingPriorityConverter() : JsonStringEnumConverter<CacheWarmingPriority>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
