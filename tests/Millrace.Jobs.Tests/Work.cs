namespace Millrace.Jobs.Tests;

/// <summary>The job of these tests; what it does is the test's <see cref="Script"/>.</summary>
public sealed record Work(string Name);
