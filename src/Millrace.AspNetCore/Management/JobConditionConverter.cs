using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Management;

/// <summary>Conditions by name, in camel case.</summary>
internal sealed class JobConditionConverter() : JsonStringEnumConverter<JobCondition>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
