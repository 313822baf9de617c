namespace Millrace.Jobs.Tests.Calls;

public sealed record Letter(string To, string Text)
{
    public int Pages { get; init; } = 1;

    public Letter? Reply { get; init; }
}
