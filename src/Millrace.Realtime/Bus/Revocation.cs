namespace Millrace.Realtime.Bus;

/// <summary>The server ends subscriptions to a channel: one user's, or everyone's when <paramref name="UserId"/> is null.</summary>
internal sealed record Revocation(string Channel, string? UserId, string Reason);
