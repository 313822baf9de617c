namespace Millrace.AspNetCore.Management;

/// <summary>A worker as the dashboard shows it.</summary>
internal sealed record WorkerView(string Id, string Host, int ProcessId, IReadOnlyList<string> Queues, DateTimeOffset StartedAt, DateTimeOffset SeenAt, DateTimeOffset LeaseUntil, int Running, bool Alive);
