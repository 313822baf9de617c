namespace Millrace.Jobs;

/// <summary>A worker as a store knows it.</summary>
/// <param name="Identity">Who it is.</param>
/// <param name="StartedAt">When the store first heard of it.</param>
/// <param name="SeenAt">When it last claimed or sent a heartbeat.</param>
/// <param name="LeaseUntil">Until when it is trusted to live.</param>
/// <param name="Running">Jobs it holds.</param>
public sealed record WorkerRecord(WorkerIdentity Identity, DateTimeOffset StartedAt, DateTimeOffset SeenAt, DateTimeOffset LeaseUntil, int Running);
