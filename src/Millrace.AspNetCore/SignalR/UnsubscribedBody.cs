using System.Text.Json.Serialization;

namespace Millrace.AspNetCore.SignalR;

/// <summary>The argument of <c>unsubscribed</c>.</summary>
internal sealed record UnsubscribedBody(
    [property: JsonPropertyName("channel")] string Channel,
    [property: JsonPropertyName("reason")] string Reason);
