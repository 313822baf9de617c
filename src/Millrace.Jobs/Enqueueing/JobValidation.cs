namespace Millrace.Jobs.Enqueueing;

/// <summary>Checks what callers hand in, once, at the public boundary. Messages name what, the limit and the remedy.</summary>
internal static class JobValidation
{
    /// <summary>Longest timeout of an attempt: what timers can do.</summary>
    public static readonly TimeSpan MaximumTimeout = TimeSpan.FromDays(49);

    /// <summary>Longest delay: ten years, so that no due time overflows.</summary>
    private static readonly TimeSpan MaximumDuration = TimeSpan.FromDays(3_650);

    public static string Id(string id) => Text(id, "A job id", JobLimits.MaximumIdLength, nameof(id));

    public static string Name(string name, string what) => Text(name, $"A {what} name", JobLimits.MaximumNameLength, nameof(name));

    public static int Priority(int priority)
    {
        if (priority is < JobLimits.MinimumPriority or > JobLimits.MaximumPriority)
        {
            throw new ArgumentOutOfRangeException(nameof(priority), priority, $"A priority lies between {JobLimits.MinimumPriority} and {JobLimits.MaximumPriority}.");
        }

        return priority;
    }

    public static int Attempts(int attempts)
    {
        if (attempts is < 1 or > JobLimits.MaximumAttempts)
        {
            throw new ArgumentOutOfRangeException(nameof(attempts), attempts, $"A job may be attempted 1 to {JobLimits.MaximumAttempts} times.");
        }

        return attempts;
    }

    public static TimeSpan Duration(TimeSpan duration, string what)
    {
        if (duration < TimeSpan.Zero || duration > MaximumDuration)
        {
            throw new ArgumentOutOfRangeException(what, duration, $"A {what} lies between zero and {MaximumDuration.TotalDays:0} days.");
        }

        return duration;
    }

    public static TimeSpan Timeout(TimeSpan timeout)
    {
        if (timeout < TimeSpan.FromMilliseconds(1) || timeout > MaximumTimeout)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, $"A timeout lies between one millisecond and {MaximumTimeout.TotalDays:0} days.");
        }

        return timeout;
    }

    public static void AddTag(List<string> tags, string tag)
    {
        Text(tag, "A tag", JobLimits.MaximumTagLength, nameof(tag));
        if (tags.Contains(tag))
        {
            return;
        }

        if (tags.Count == JobLimits.MaximumTags)
        {
            throw new ArgumentException($"A job carries at most {JobLimits.MaximumTags} tags.", nameof(tag));
        }

        tags.Add(tag);
    }

    public static void AddMetadata(Dictionary<string, string> metadata, string name, string value)
    {
        Text(name, "A metadata name", JobLimits.MaximumMetadataNameLength, nameof(name));
        ArgumentNullException.ThrowIfNull(value);
        if (value.Length > JobLimits.MaximumMetadataValueLength)
        {
            throw new ArgumentException($"A metadata value has at most {JobLimits.MaximumMetadataValueLength} characters; that of '{name}' has {value.Length}.", nameof(value));
        }

        if (metadata.Count == JobLimits.MaximumMetadata && !metadata.ContainsKey(name))
        {
            throw new ArgumentException($"A job carries at most {JobLimits.MaximumMetadata} metadata entries.", nameof(name));
        }

        metadata[name] = value;
    }

    public static JobRate Rate(JobRate rate)
    {
        if (rate.Count is < 1 or > 10_000 || rate.Period < TimeSpan.FromMilliseconds(1) || rate.Period > TimeSpan.FromDays(1) || !Enum.IsDefined(rate.Kind))
        {
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "A rate is 1 to 10,000 jobs in a millisecond to a day. Take a longer or a shorter period for other rates.");
        }

        return rate;
    }

    public static JobRate GroupRate(JobRate rate)
    {
        if (rate.Kind != JobRateKind.TokenBucket)
        {
            throw new ArgumentOutOfRangeException(
                nameof(rate), rate, "The rate of groups is counted in a bucket of tokens, so that a group costs one number however many jobs it starts. Set its Kind to JobRateKind.TokenBucket.");
        }

        return Rate(rate);
    }

    public static JobUniqueness Unique(string key, UniqueUntil until, TimeSpan period = default, bool replace = false) => new()
    {
        Key = Text(key, "A unique key", JobLimits.MaximumUniqueKeyLength, nameof(key)),
        Until = until,
        Period = period,
        Replace = replace,
    };

    private static string Text(string value, string what, int limit, string parameter)
    {
        ArgumentNullException.ThrowIfNull(value, parameter);
        if (value.Length == 0 || value.Length > limit)
        {
            throw new ArgumentException($"{what} has 1 to {limit} characters; this one has {value.Length}.", parameter);
        }

        foreach (var character in value)
        {
            if (char.IsControl(character))
            {
                throw new ArgumentException($"{what} holds no control characters.", parameter);
            }
        }

        return value;
    }
}
