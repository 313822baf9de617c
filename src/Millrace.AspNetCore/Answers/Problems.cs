using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Millrace.AspNetCore.Answers;

/// <summary>Errors as problem details (RFC 9457), written with our own serializer context whatever the application's options say.</summary>
internal static class Problems
{
    private const string ContentType = "application/problem+json";

    public static IResult Of(int status, string title, string detail) => Results.Json(
        new ProblemDetails { Status = status, Title = title, Detail = detail }, ProblemJson.Default.ProblemDetails, ContentType, status);

    public static IResult NotFound(string what) => Of(StatusCodes.Status404NotFound, "Not found", what);

    /// <summary>400 with a message per field.</summary>
    public static IResult Invalid(IDictionary<string, string[]> errors) => Results.Json(
        new HttpValidationProblemDetails(errors) { Status = StatusCodes.Status400BadRequest, Title = "The request is not valid" },
        ProblemJson.Default.HttpValidationProblemDetails,
        ContentType,
        StatusCodes.Status400BadRequest);

    public static IResult Invalid(string field, string message) => Invalid(new Dictionary<string, string[]> { [field] = [message] });

    public static async Task WriteAsync(HttpContext context, int status, string title, string detail)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        var problem = new ProblemDetails { Status = status, Title = title, Detail = detail };
        await JsonSerializer.SerializeAsync(response.Body, problem, ProblemJson.Default.ProblemDetails, context.RequestAborted).ConfigureAwait(false);
    }
}
