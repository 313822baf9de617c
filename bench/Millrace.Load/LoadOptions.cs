using System.Globalization;

namespace Millrace.Load;

/// <summary>What the command line asks for.</summary>
internal sealed record LoadOptions(IReadOnlyList<string> Names, double SpeedUp, int Runs, int Requests)
{
    public const string Usage = """
        Millrace.Load NAME... [--speed-up N] [--runs N] [--requests N]

          replay.access-log   the real access log against Township, cache off and on

          --speed-up N   how many times faster than the log (default 5000: its 83 hours pass in a minute)
          --runs N       runs of each kind; figures are medians (default 3)
          --requests N   only the first N requests of the log (default: all)

        Each figure is one line of JSON on standard output; everything else goes to standard error.
        """;

    public static LoadOptions? Parse(string[] arguments, out string? error)
    {
        var names = new List<string>();
        var (speedUp, runs, requests) = (5000.0, 3, int.MaxValue);
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
                "--speed-up" => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out speedUp) && speedUp > 0,
                "--runs" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out runs) && runs is > 0 and <= 99,
                "--requests" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out requests) && requests > 0,
                _ => false,
            };
            if (!known)
            {
                error = $"{arguments[i - 1]} {value}: not an option with that value.";
                return null;
            }
        }

        return new LoadOptions(names, speedUp, runs, requests);
    }
}
