using Microsoft.Extensions.Options;
using Millrace.Redis;

namespace Millrace.Caching.Naming;

/// <summary>Checks options when the host starts; each message says which setting, what is wrong, and what is allowed.</summary>
internal sealed class CacheOptionsValidator : IValidateOptions<CacheOptions>
{
    private const int MaximumPartitions = 64;
    private const int MaximumPartitionName = 64;

    public ValidateOptionsResult Validate(string? name, CacheOptions options)
    {
        var section = CacheRegistration.SectionName(string.IsNullOrEmpty(name) ? Cache.DefaultName : name);
        var failures = Check(section, options);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    public static List<string> Check(string section, CacheOptions options)
    {
        var failures = new List<string>();
        Range(nameof(options.SizeLimitBytes), options.SizeLimitBytes, 64 * 1024, 1L << 40);
        Range(nameof(options.EntryLimit), options.EntryLimit, 1, 100_000_000);
        Range(nameof(options.MaximumKeyLength), options.MaximumKeyLength, 16, 65_536);
        Range(nameof(options.MaximumPayloadBytes), options.MaximumPayloadBytes, 1024, 1 << 30);
        Range(nameof(options.MaximumTags), options.MaximumTags, 0, 1024);
        Range(nameof(options.MaximumTagLength), options.MaximumTagLength, 16, 65_536);
        Range(nameof(options.InvalidatedTagLimit), options.InvalidatedTagLimit, 16, 10_000_000);
        Range(nameof(options.KeyPatternLimit), options.KeyPatternLimit, 1, 10_000);
        Range(nameof(options.CompressionThresholdBytes), options.CompressionThresholdBytes, 0, 1 << 30);
        Range(nameof(options.RefreshConcurrency), options.RefreshConcurrency, 1, 1024);
        Range(nameof(options.RefreshQueueLimit), options.RefreshQueueLimit, 0, 1_000_000);
        Span("Redis:Timeout", options.Redis.Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        Span("Redis:TrustDuration", options.Redis.TrustDuration, TimeSpan.FromMilliseconds(300), TimeSpan.FromMinutes(1));
        Span("Redis:LeaseDuration", options.Redis.LeaseDuration, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        Range("Redis:SweepKeysPerSecond", options.Redis.SweepKeysPerSecond, 0, 1_000_000);
        CheckPartitions(failures, $"{section}:Redis:Partitions", options.Redis.Partitions);
        if (options.KeyPrefix is { } prefix && (prefix.Length is 0 or > 128 || prefix.Any(static c => char.IsControl(c) || char.IsWhiteSpace(c) || c is '{' or '}' or '*')))
        {
            failures.Add($"{section}:KeyPrefix is '{prefix}'; it must have 1 to 128 characters, without braces, '*', white space and control characters. Leave it out for cache: or cache.NAME:.");
        }

        if (options.DefaultPolicy is null)
        {
            failures.Add($"{section}:DefaultPolicy is null; leave it out for five minutes.");
        }

        if (options.SerializerOptions is null)
        {
            failures.Add($"{section}:SerializerOptions is null; leave it out for the defaults of System.Text.Json.");
        }

        foreach (var (policy, settings) in options.Policies)
        {
            Check(failures, $"{section}:Policies:{policy}", settings);
        }

        return failures;

        void Range(string setting, long value, long least, long most)
        {
            if (value < least || value > most)
            {
                failures.Add($"{section}:{setting} is {value}; it must be from {least} to {most}.");
            }
        }

        void Span(string setting, TimeSpan value, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most)
            {
                failures.Add($"{section}:{setting} is {value}; it must be from {least} to {most}.");
            }
        }
    }

    private static void CheckPartitions(List<string> failures, string section, IDictionary<string, string> partitions)
    {
        if (partitions.Count > MaximumPartitions)
        {
            failures.Add($"{section} names {partitions.Count} servers; it may name {MaximumPartitions}.");
        }

        foreach (var (name, connectionString) in partitions)
        {
            if (name.Length is 0 or > MaximumPartitionName || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                failures.Add($"{section} has a server named '{name}'; a name has 1 to {MaximumPartitionName} letters, digits, '-', '_' and '.'.");
            }
            else if (!RedisOptions.TryParse(connectionString, out _, out var error))
            {
                failures.Add($"{section}:{name} cannot be read: {error}");
            }
        }
    }

    private static void Check(List<string> failures, string section, CachePolicySettings settings)
    {
        Positive(nameof(settings.Expiration), settings.Expiration);
        Positive(nameof(settings.LocalExpiration), settings.LocalExpiration);
        Positive(nameof(settings.SlidingExpiration), settings.SlidingExpiration);
        Positive(nameof(settings.SoftTimeout), settings.SoftTimeout);
        Positive(nameof(settings.HardTimeout), settings.HardTimeout);
        Positive(nameof(settings.NegativeExpiration), settings.NegativeExpiration);
        if (settings.FailSafe is { } failSafe && (failSafe < TimeSpan.Zero || failSafe > CachePolicy.LongestFailSafe))
        {
            failures.Add($"{section}:FailSafe is {failSafe}; it must be from {TimeSpan.Zero} to {CachePolicy.LongestFailSafe}.");
        }

        if (settings.FailSafeThrottle is { } throttle && (throttle < TimeSpan.FromMilliseconds(1) || throttle > TimeSpan.FromHours(1)))
        {
            failures.Add($"{section}:FailSafeThrottle is {throttle}; it must be from 1 ms to one hour.");
        }

        if (settings.RefreshAhead is { } share && !(share is > 0 and < 1))
        {
            failures.Add($"{section}:RefreshAhead is {share}; it is a share between 0 and 1, such as 0.8.");
        }

        if (settings.Jitter is { } jitter && !(jitter is >= 0 and <= 0.5))
        {
            failures.Add($"{section}:Jitter is {jitter}; it is a share from 0 to 0.5.");
        }

        void Positive(string setting, TimeSpan? value)
        {
            if (value <= TimeSpan.Zero)
            {
                failures.Add($"{section}:{setting} is {value}; it must be greater than zero, as in 00:05:00.");
            }
        }
    }
}
