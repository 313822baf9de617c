using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Caching;
using Millrace.Jobs;
using Millrace.Realtime;

namespace Millrace.AspNetCore.Management;

/// <summary>JSON of the management API: camel case, enumerations by name, unknown and repeated fields refused.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    Converters = [typeof(JobStateConverter), typeof(JobConditionConverter), typeof(CacheWarmingOutcomeConverter), typeof(CacheWarmingPriorityConverter)],
    AllowDuplicateProperties = false,
    MaxDepth = 8,
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(JobPageView))]
[JsonSerializable(typeof(JobDetail))]
[JsonSerializable(typeof(JobStatsView))]
[JsonSerializable(typeof(IReadOnlyList<QueueStatus>))]
[JsonSerializable(typeof(IReadOnlyList<ScheduleView>))]
[JsonSerializable(typeof(IReadOnlyList<WorkerView>))]
[JsonSerializable(typeof(Operated))]
[JsonSerializable(typeof(IReadOnlyList<CacheStatistics>))]
[JsonSerializable(typeof(IReadOnlyList<CacheHealthView>))]
[JsonSerializable(typeof(IReadOnlyList<CacheWarmer>))]
[JsonSerializable(typeof(IReadOnlyList<CacheWarmingRun>))]
[JsonSerializable(typeof(WarmStarted))]
[JsonSerializable(typeof(ChannelPageView))]
[JsonSerializable(typeof(RealtimeStatistics))]
[JsonSerializable(typeof(InvalidateRequest))]
[JsonSerializable(typeof(InvalidateResult))]
[JsonSerializable(typeof(InvalidatePreview))]
[JsonSerializable(typeof(WarmRequest))]
internal sealed partial class ManagementJson : JsonSerializerContext;
