using Microsoft.Extensions.Options;

namespace Millrace.Caching.Naming;

/// <summary>Checks options when the host starts; each message says which setting, what is wrong, and what is allowed.</summary>
internal sealed class CacheOptionsValidator : IValidateOptions<CacheOptions>
{
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
            Positive(policy, nameof(settings.Expiration), settings.Expiration);
            Positive(policy, nameof(settings.LocalExpiration), settings.LocalExpiration);
            Positive(policy, nameof(settings.SlidingExpiration), settings.SlidingExpiration);
            if (settings.Jitter is { } jitter && !(jitter is >= 0 and <= 0.5))
            {
                failures.Add($"{section}:Policies:{policy}:Jitter is {jitter}; it is a share from 0 to 0.5.");
            }
        }

        return failures;

        void Range(string setting, long value, long least, long most)
        {
            if (value < least || value > most)
            {
                failures.Add($"{section}:{setting} is {value}; it must be from {least} to {most}.");
            }
        }

        void Positive(string policy, string setting, TimeSpan? value)
        {
            if (value <= TimeSpan.Zero)
            {
                failures.Add($"{section}:Policies:{policy}:{setting} is {value}; it must be greater than zero, as in 00:05:00.");
            }
        }
    }
}
