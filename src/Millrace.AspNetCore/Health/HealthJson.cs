using System.Text.Json;
using System.Text.Json.Serialization;

namespace Millrace.AspNetCore.Health;

/// <summary>JSON of health answers; what is not for the caller is left out.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthView))]
internal sealed partial class HealthJson : JsonSerializerContext;
