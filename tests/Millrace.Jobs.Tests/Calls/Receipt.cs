namespace Millrace.Jobs.Tests.Calls;

public sealed record Receipt(string Code, int Copies);
