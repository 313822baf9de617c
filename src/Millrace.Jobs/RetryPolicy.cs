namespace Millrace.Jobs;

/// <summary>How long to wait before the next attempt of a job that failed. Immutable and thread-safe.</summary>
public sealed class RetryPolicy
{
    private readonly Func<int, Exception, double, TimeSpan> _delay;

    private RetryPolicy(Func<int, Exception, double, TimeSpan> delay) => _delay = delay;

    /// <summary>The default: 5 seconds, doubling up to 1 hour, each taken by chance from the upper half (so that jobs that failed together
    /// do not come back together).</summary>
    public static RetryPolicy Default { get; } = Exponential(TimeSpan.FromSeconds(5), TimeSpan.FromHours(1));

    /// <summary>Doubling delays with jitter.</summary>
    /// <param name="first">Delay after the first failure.</param>
    /// <param name="maximum">No delay is longer.</param>
    /// <param name="jitter">The share of each delay that is left to chance, 0 (none) to 1 (all). Default 0.5.</param>
    public static RetryPolicy Exponential(TimeSpan first, TimeSpan maximum, double jitter = 0.5)
    {
        JobValidation.Duration(first, nameof(first));
        JobValidation.Duration(maximum, nameof(maximum));
        if (jitter is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(jitter), jitter, "Jitter lies between 0 and 1.");
        }

        return new RetryPolicy((attempt, _, chance) =>
        {
            var full = Math.Min(first.Ticks * Math.Pow(2, attempt - 1), maximum.Ticks);
            return TimeSpan.FromTicks((long)(full * (1 - (jitter * chance))));
        });
    }

    /// <summary>The same delay after every failure.</summary>
    public static RetryPolicy Fixed(TimeSpan delay)
    {
        JobValidation.Duration(delay, nameof(delay));
        return new RetryPolicy((_, _, _) => delay);
    }

    /// <summary>Delays of your own. A function that throws, or answers outside zero to ten years, is replaced by <see cref="Default"/> for that failure.</summary>
    /// <param name="delay">From the number of the attempt that failed (from 1) and its error to the delay.</param>
    public static RetryPolicy Custom(Func<int, Exception, TimeSpan> delay)
    {
        ArgumentNullException.ThrowIfNull(delay);
        return new RetryPolicy((attempt, error, chance) =>
        {
            try
            {
                return JobValidation.Duration(delay(attempt, error), nameof(delay));
            }
            catch (Exception)
            {
                return Default.GetDelay(attempt, error, chance);
            }
        });
    }

    /// <summary>The delay after the given attempt failed; <paramref name="chance"/> lies in [0, 1).</summary>
    internal TimeSpan GetDelay(int attempt, Exception error, double chance) => _delay(attempt, error, chance);
}
