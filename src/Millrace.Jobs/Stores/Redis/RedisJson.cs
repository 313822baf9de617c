using System.Text.Json.Serialization;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>JSON inside values: who a worker is, and what a schedule says.</summary>
[JsonSerializable(typeof(WorkerIdentity))]
[JsonSerializable(typeof(ScheduleText))]
internal sealed partial class RedisJson : JsonSerializerContext;
