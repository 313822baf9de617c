namespace Millrace.Jobs.Executing;

/// <summary>One UseMiddleware.</summary>
/// <param name="Type">Resolved from the scope of each attempt.</param>
internal sealed record MiddlewareRegistration(Type Type);
