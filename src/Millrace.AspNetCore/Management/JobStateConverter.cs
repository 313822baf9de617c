using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Jobs;

namespace Millrace.AspNetCore.Management;

/// <summary>Job states by name, in camel case.</summary>
internal sealed class JobStateConverter() : JsonStringEnumConverter<JobState>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
