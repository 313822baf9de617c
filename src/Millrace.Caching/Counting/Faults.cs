namespace Millrace.Caching.Counting;

/// <summary>What both kinds of counters say when something does not go.</summary>
internal static class Faults
{
    public static OverflowException Overflow(string name, Exception cause) =>
        new($"Counter '{name}' would leave the range of 64 bits and stays as it is. Reset it, or count in larger units.", cause);

    public static InvalidOperationException NoCounter(string name, Exception? cause = null) =>
        new($"The key of counter '{name}' holds something that is no whole number: something else writes to it. Remove the key, or use another name.", cause);
}
