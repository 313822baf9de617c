using System.Globalization;

namespace Millrace.Micro;

/// <summary>What the command line asks for.</summary>
internal sealed record MicroOptions(IReadOnlyList<string> Names, double Seconds, int Runs)
{
    public static MicroOptions? Parse(string[] arguments, out string? error)
    {
        var names = new List<string>();
        var (seconds, runs) = (10.0, 3);
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
                "--seconds" => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out seconds) && seconds is > 0 and <= 600,
                "--runs" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out runs) && runs is > 0 and <= 99,
                _ => false,
            };
            if (!known)
            {
                error = $"{arguments[i - 1]} {value}: not an option with that value.";
                return null;
            }
        }

        return new MicroOptions(names, seconds, runs);
    }
}
