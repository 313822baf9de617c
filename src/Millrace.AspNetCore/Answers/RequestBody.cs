using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Millrace.AspNetCore.Answers;

/// <summary>Reads a JSON body within a bound and answers in problem details when it is not one.</summary>
internal static class RequestBody
{
    /// <summary>The value, or the answer to give instead; exactly one of them is null.</summary>
    public static async ValueTask<(T? Value, IResult? Fault)> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int maximumBytes)
        where T : class
    {
        var request = context.Request;
        if (!request.HasJsonContentType())
        {
            return (null, Problems.Of(
                StatusCodes.Status415UnsupportedMediaType, "JSON expected", "Send the body as JSON, with 'Content-Type: application/json'."));
        }

        if (request.ContentLength > maximumBytes)
        {
            return (null, TooLarge(maximumBytes));
        }

        var buffer = ArrayPool<byte>.Shared.Rent(maximumBytes + 1);
        try
        {
            var length = 0;
            while (length <= maximumBytes)
            {
                var read = await request.Body.ReadAsync(buffer.AsMemory(length, maximumBytes + 1 - length), context.RequestAborted).ConfigureAwait(false);
                if (read == 0)
                {
                    break;
                }

                length += read;
            }

            if (length > maximumBytes)
            {
                return (null, TooLarge(maximumBytes));
            }

            return JsonSerializer.Deserialize(buffer.AsSpan(0, length), type) is { } value
                ? (value, null)
                : (null, Problems.Invalid("body", "The body is null; an object is expected."));
        }
        catch (JsonException fault)
        {
            return (null, Problems.Invalid(Field(fault.Path), Explain(fault)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static IResult TooLarge(int maximumBytes) => Problems.Of(
        StatusCodes.Status413PayloadTooLarge, "Body too large", $"The body may have at most {maximumBytes} bytes (Millrace:MaximumRequestBodyBytes).");

    private static string Field(string? path) => path is { Length: > 2 } && path.StartsWith("$.", StringComparison.Ordinal) ? PlainText.Of(path[2..], 100) : "body";

    private static string Explain(JsonException fault) => fault.LineNumber is { } line
        ? $"This is not the JSON that is expected here (line {line + 1}, byte {fault.BytePositionInLine + 1}): check names and types of the fields."
        : "This is not the JSON that is expected here: check names and types of the fields.";
}
