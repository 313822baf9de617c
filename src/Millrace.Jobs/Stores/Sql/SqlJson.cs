using System.Text.Json.Serialization;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>JSON inside columns: lists of names, and metadata.</summary>
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class SqlJson : JsonSerializerContext;
