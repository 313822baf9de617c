using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.AspNetCore.Management;

namespace Millrace.AspNetCore.Overviews;

/// <summary>JSON of the overview, its history and its stream.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, Converters = [typeof(JobStateConverter)])]
[JsonSerializable(typeof(AccessView))]
[JsonSerializable(typeof(Overview))]
[JsonSerializable(typeof(Sample))]
[JsonSerializable(typeof(HistoryView))]
internal sealed partial class OverviewJson : JsonSerializerContext;
