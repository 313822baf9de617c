using System.Globalization;

namespace Millrace.JobLoad;

/// <summary>What the command line asks for.</summary>
/// <param name="Names">The figures, in order.</param>
/// <param name="Seconds">About how long a run of each side is.</param>
/// <param name="Runs">Runs of each side.</param>
/// <param name="Synchronous">What a commit of SQLite waits for, on both sides: <c>full</c> or <c>normal</c>.</param>
internal sealed record JobLoadOptions(IReadOnlyList<string> Names, double Seconds, int Runs, string Synchronous)
{
    public const string Usage = """
        Millrace.JobLoad NAME... [--seconds N] [--runs N] [--synchronous full|normal]

          --seconds N       about how long a run of each side is (default 5; of schedules at least 30)
          --runs N          runs of each side, which take turns; figures are medians (default 3)
          --synchronous S   what a commit of SQLite waits for, on both sides (default full)

        Each figure is one line of JSON on standard output; everything else goes to standard error.
        """;

    public static JobLoadOptions? Parse(string[] arguments, out string? error)
    {
        var names = new List<string>();
        var (seconds, runs, synchronous) = (5.0, 3, "full");
        error = null;
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                names.Add(arguments[i]);
                continue;
            }

            var value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            var known = arguments[i++] switch
            {
                "--seconds" => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out seconds) && seconds is >= 1 and <= 600,
                "--runs" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out runs) && runs is > 0 and <= 99,
                "--synchronous" => (synchronous = value) is "full" or "normal",
                _ => false,
            };
            if (!known)
            {
                error = $"{arguments[i - 1]} {value}: not an option with that value.";
                return null;
            }
        }

        return new JobLoadOptions(names, seconds, runs, synchronous);
    }
}
