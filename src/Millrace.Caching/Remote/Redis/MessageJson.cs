using System.Text.Json.Serialization;

namespace Millrace.Caching.Remote.Redis;

[JsonSerializable(typeof(InvalidationMessage))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
internal sealed partial class MessageJson : JsonSerializerContext;
