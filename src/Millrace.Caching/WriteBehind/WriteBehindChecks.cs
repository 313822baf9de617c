namespace Millrace.Caching.WriteBehind;

/// <summary>Checks names and options; each message says which setting, what is wrong, and what is allowed.</summary>
internal static class WriteBehindChecks
{
    private const int MaximumNameLength = 64;

    public static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > MaximumNameLength || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new ArgumentException($"'{name}' is no name for a write-behind: use 1 to {MaximumNameLength} letters, digits, '-', '_' and '.'.", nameof(name));
        }
    }

    public static void Check(WriteBehindOptions options)
    {
        var hour = TimeSpan.FromHours(1);
        var ten = TimeSpan.FromMinutes(10);
        Range(nameof(options.Delay), options.Delay, TimeSpan.Zero, hour);
        Range(nameof(options.BatchSize), options.BatchSize, 1, 1_000);
        Range(nameof(options.MaximumConcurrency), options.MaximumConcurrency, 1, WriteBehindStore.Partitions);
        Range(nameof(options.MaximumAttempts), options.MaximumAttempts, 1, 1_000);
        Range(nameof(options.FirstRetryDelay), options.FirstRetryDelay, TimeSpan.FromMilliseconds(1), hour);
        Range(nameof(options.LongestRetryDelay), options.LongestRetryDelay, options.FirstRetryDelay, TimeSpan.FromDays(1));
        Range(nameof(options.HandlerTimeout), options.HandlerTimeout, TimeSpan.FromMilliseconds(100), hour);
        Range(nameof(options.MaximumPending), options.MaximumPending, WriteBehindStore.Partitions, 10_000_000);
        Range(nameof(options.MaximumPendingBytes), options.MaximumPendingBytes, 1024 * 1024, 64L << 30);
        Range(nameof(options.MaximumValueBytes), options.MaximumValueBytes, 64, 64 * 1024 * 1024);
        Range(nameof(options.MaximumDead), options.MaximumDead, WriteBehindStore.Partitions, 1_000_000);
        Range(nameof(options.FullTimeout), options.FullTimeout, TimeSpan.Zero, ten);
        Range(nameof(options.Lease), options.Lease, TimeSpan.FromSeconds(1), ten);
        Range(nameof(options.DrainTimeout), options.DrainTimeout, TimeSpan.Zero, ten);
    }

    public static StoreLimits LimitsOf(WriteBehindOptions options) => new(
        options.MaximumPending / WriteBehindStore.Partitions,
        options.MaximumPendingBytes / WriteBehindStore.Partitions,
        options.MaximumDead / WriteBehindStore.Partitions);

    private static void Range<T>(string option, T value, T least, T most)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            throw new ArgumentOutOfRangeException(option, value, $"WriteBehindOptions.{option} must be from {least} to {most}.");
        }
    }
}
