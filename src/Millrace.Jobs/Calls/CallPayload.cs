using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Millrace.Jobs.Calls;

/// <summary>The arguments of a call as JSON: one object, <c>{"userId":7,"template":"welcome"}</c>, each argument under the name of its parameter.</summary>
/// <remarks>
/// Reading, of what may come from another version of the application or from anywhere:
/// <list type="bullet">
/// <item>an argument that is missing is its parameter's default value, and without one the job cannot run at all;</item>
/// <item>an argument without a parameter was given by a newer version: to leave it out would do something else than was asked for, so the
/// attempt fails and another one may meet a worker that knows it;</item>
/// <item>what is not such an object, holds an argument twice, or holds one that cannot be read as its parameter's type: the job cannot run at all.</item>
/// </list>
/// </remarks>
internal sealed class CallPayload(string jobName, CallKey method, IReadOnlyList<CallParameter> parameters)
{
    private const int LongestNameShown = 60;

    private volatile bool _isChecked; // a race checks twice

    /// <exception cref="ArgumentException">An argument cannot be written as JSON, or could not be read again.</exception>
    public byte[] Write(object?[] arguments, JsonSerializerOptions json)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = json.Encoder });
        writer.WriteStartObject();
        for (var i = 0; i < parameters.Count; i++)
        {
            if (!parameters[i].IsStored)
            {
                continue;
            }

            writer.WritePropertyName(parameters[i].EncodedName);
            try
            {
                JsonSerializer.Serialize(writer, arguments[i], parameters[i].Type, json);
            }
            catch (Exception error) when (error is JsonException or NotSupportedException)
            {
                throw new ArgumentException($"The argument '{parameters[i].Name}' of {method} cannot be written as JSON: {error.Message}", nameof(arguments), error);
            }
        }

        writer.WriteEndObject();
        writer.Flush();
        CheckTypes(json);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The values to call the method with.</summary>
    /// <exception cref="UnrecoverableJobException">The job cannot run, now or later.</exception>
    /// <exception cref="InvalidOperationException">The job cannot run in this version of the application.</exception>
    public object?[] Read(ReadOnlySpan<byte> payload, JsonSerializerOptions json, JobContext context, CancellationToken cancellationToken)
    {
        var values = new object?[parameters.Count];
        var given = new bool[parameters.Count];
        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { AllowTrailingCommas = json.AllowTrailingCommas, CommentHandling = json.ReadCommentHandling, MaxDepth = json.MaxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new UnrecoverableJobException($"The payload of job type '{jobName}' is not a JSON object with the arguments of {method}.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                ReadArgument(ref reader, values, given, json);
            }

            reader.Read(); // nothing may follow
        }
        catch (JsonException error)
        {
            throw new UnrecoverableJobException($"The payload of job type '{jobName}' cannot be read as JSON.", error);
        }

        FillIn(values, given, context, cancellationToken);
        return values;
    }

    private void ReadArgument(ref Utf8JsonReader reader, object?[] values, bool[] given, JsonSerializerOptions json)
    {
        var index = Find(ref reader);
        if (index < 0)
        {
            throw new InvalidOperationException(
                $"The payload of job type '{jobName}' holds an argument '{Show(reader.GetString()!)}' that {method} does not have in this process. A newer version of the application may have enqueued it, and runs it;"
                + " when the parameter was renamed or removed, put it back until no such job waits.");
        }

        var parameter = parameters[index];
        if (given[index])
        {
            throw new UnrecoverableJobException($"The payload of job type '{jobName}' holds the argument '{parameter.Name}' twice.");
        }

        given[index] = true;
        reader.Read();
        try
        {
            values[index] = JsonSerializer.Deserialize(ref reader, parameter.Type, json);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new UnrecoverableJobException($"The argument '{parameter.Name}' of job type '{jobName}' cannot be read as {parameter.Type.Name}.", error);
        }
    }

    private int Find(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < parameters.Count; i++)
        {
            if (parameters[i].IsStored && reader.ValueTextEquals(parameters[i].Name))
            {
                return i;
            }
        }

        return -1;
    }

    private void FillIn(object?[] values, bool[] given, JobContext context, CancellationToken cancellationToken)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = parameters[i];
            if (given[i])
            {
                continue;
            }

            if (parameter.IsStored && !parameter.IsOptional)
            {
                throw new UnrecoverableJobException(
                    $"The payload of job type '{jobName}' has no argument '{parameter.Name}', for which {method} has no default value. Give a parameter that is added while jobs wait a default value.");
            }

            values[i] = parameter.IsToken ? cancellationToken : parameter.IsContext ? context : parameter.Default;
        }
    }

    /// <summary>An interface or an abstract class is written without complaint and cannot be read: found out at the first enqueue, not by the worker.</summary>
    private void CheckTypes(JsonSerializerOptions json)
    {
        if (_isChecked)
        {
            return;
        }

        foreach (var parameter in parameters)
        {
            if (parameter.IsStored && parameter.Type is { IsAbstract: true, IsArray: false }
                && json.GetTypeInfo(parameter.Type) is { Kind: JsonTypeInfoKind.Object, PolymorphismOptions: null, CreateObject: null })
            {
                throw new ArgumentException($"The parameter '{parameter.Name}' of {method} is of type {parameter.Type.Name}, which JSON can write but not read. Take a concrete type, or tell its kinds apart with [JsonDerivedType].", nameof(json));
            }
        }

        _isChecked = true;
    }

    /// <summary>A name from a store that anybody may have written to: cut, and without control characters.</summary>
    private static string Show(string name) =>
        string.Concat(name.Take(LongestNameShown).Select(static character => char.IsControl(character) ? '?' : character)) + (name.Length > LongestNameShown ? "…" : "");
}
