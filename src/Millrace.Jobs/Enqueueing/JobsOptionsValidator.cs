using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Millrace.Jobs.Enqueueing;

/// <summary>Checks the settings when the host starts; every failure names the setting, its value, its limits and the remedy.</summary>
internal sealed class JobsOptionsValidator : IValidateOptions<JobsOptions>
{
    public ValidateOptionsResult Validate(string? name, JobsOptions options)
    {
        var failures = new List<string>();
        Number(failures, nameof(options.DefaultConcurrency), options.DefaultConcurrency, 1, JobLimits.MaximumBatch);
        Number(failures, nameof(options.MaximumPayloadBytes), options.MaximumPayloadBytes, 1, 64 * 1024 * 1024);
        Number(failures, nameof(options.MaximumQueueLength), options.MaximumQueueLength, 1, int.MaxValue);
        Number(failures, nameof(options.MaxAttempts), options.MaxAttempts, 1, JobLimits.MaximumAttempts);
        Time(failures, nameof(options.Lease), options.Lease, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Time(failures, nameof(options.PollInterval), options.PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        Time(failures, nameof(options.SweepInterval), options.SweepInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        Time(failures, nameof(options.DrainGrace), options.DrainGrace, TimeSpan.Zero, TimeSpan.FromHours(1));
        Retention(failures, nameof(options.CompletedRetention), options.CompletedRetention);
        Retention(failures, nameof(options.CancelledRetention), options.CancelledRetention);
        Retention(failures, nameof(options.DeadRetention), options.DeadRetention);
        if (options.Timeout is { } timeout)
        {
            Time(failures, nameof(options.Timeout), timeout, TimeSpan.FromMilliseconds(1), JobValidation.MaximumTimeout);
        }

        if (options.Retry is null || options.Json is null)
        {
            failures.Add("JobsOptions.Retry and JobsOptions.Json must not be null; leave them at their defaults or give your own.");
        }

        foreach (var pattern in options.ScrubPatterns)
        {
            Pattern(failures, pattern);
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void Number(List<string> failures, string name, int value, int minimum, int maximum)
    {
        if (value < minimum || value > maximum)
        {
            failures.Add($"JobsOptions.{name} is {value}; set it between {minimum} and {maximum}.");
        }
    }

    private static void Time(List<string> failures, string name, TimeSpan value, TimeSpan minimum, TimeSpan maximum)
    {
        if (value < minimum || value > maximum)
        {
            failures.Add($"JobsOptions.{name} is {value}; set it between {minimum} and {maximum}.");
        }
    }

    private static void Retention(List<string> failures, string name, JobRetention? value)
    {
        if (value is null || value.Age < TimeSpan.Zero || value.Age > TimeSpan.FromDays(3_650) || value.Count < 0)
        {
            failures.Add($"JobsOptions.{name} is {value?.ToString() ?? "null"}; set an age between zero and 3650 days and a count of zero or more.");
        }
    }

    private static void Pattern(List<string> failures, string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            failures.Add($"JobsOptions.ScrubPatterns holds '{pattern}', which cannot be matched without backtracking ({error.Message}); rewrite it without lookarounds and back-references.");
        }
    }
}
