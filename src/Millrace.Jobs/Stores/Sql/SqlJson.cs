using System.Text.Json.Serialization;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>JSON inside columns: lists of names.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class SqlJson : JsonSerializerContext;
