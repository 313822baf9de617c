namespace Millrace.Jobs.Enqueueing;

/// <summary>One AddQueue.</summary>
internal sealed record QueueRegistration(string Name, QueueOptions Options);
