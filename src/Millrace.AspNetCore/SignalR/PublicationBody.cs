using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Realtime;

namespace Millrace.AspNetCore.SignalR;

/// <summary>The argument of <c>publication</c>: <c>{ "channel", "type", "data" }</c>. The data is JSON already and is copied as it is.</summary>
[JsonConverter(typeof(Converter))]
internal sealed record PublicationBody(Publication Publication)
{
    internal sealed class Converter : JsonConverter<PublicationBody>
    {
        public override PublicationBody Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Publications are written to clients, never read from them.");

        public override void Write(Utf8JsonWriter writer, PublicationBody value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WriteString("channel"u8, value.Publication.Channel);
            writer.WriteString("type"u8, value.Publication.Type);
            writer.WritePropertyName("data"u8);
            writer.WriteRawValue(value.Publication.Data.Span, skipInputValidation: true); // our own serialiser's output
            writer.WriteEndObject();
        }
    }
}
