using System.Text.RegularExpressions;

namespace Millrace.Jobs.Retrying;

/// <summary>Turns an exception into the text that is kept with a job: bounded, and without what looks like a secret.</summary>
internal sealed class ErrorScrubber
{
    /// <summary>Inner exceptions are followed this deep.</summary>
    private const int MaximumDepth = 5;

    private readonly Regex[] _patterns;

    public ErrorScrubber(IEnumerable<string> patterns) =>
        _patterns = [.. patterns.Select(pattern => new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)))];

    /// <summary>key=value and key: value (quoted or not), Authorization headers, and passwords within URLs.</summary>
    public static IReadOnlyList<string> DefaultPatterns { get; } =
    [
        """(?<keep>authorization["']?\s*[:=]\s*["']?)((basic|bearer|digest|negotiate)\s+)?[^\s"',;]+""",
        """(?<keep>bearer\s+)[a-z0-9._~+/-]{8,}=*""",
        """(?<keep>(password|passwd|pwd|secret|token|api[_-]?key|(access|account|private)[_-]?key|passphrase|client[_-]?secret|connectionstring)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s"',;&]+)""",
        """(?<keep>[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?<tail>@)""",
    ];

    /// <summary>Never throws: of an error whose text cannot be read, or not scrubbed in time, the type is kept alone.</summary>
    public string Describe(Exception error)
    {
        try
        {
            return Read(error);
        }
        catch (Exception failure)
        {
            return $"{error.GetType().FullName} (its text was left out: {failure.GetType().Name})";
        }
    }

    private string Read(Exception error)
    {
        var parts = new List<string>(2);
        for (var (current, depth) = (error, 0); current is not null && depth < MaximumDepth; current = current.InnerException!, depth++)
        {
            parts.Add($"{current.GetType().FullName}: {Cut(current.Message, JobLimits.MaximumErrorLength)}");
        }

        var text = string.Join(Environment.NewLine + " ---> ", parts);
        if (error.StackTrace is { } trace)
        {
            text += Environment.NewLine + trace;
        }

        return Scrub(text);
    }

    /// <summary>Cut before it is matched, which bounds the work; scrubbed text may grow by the stars, so it is cut again.</summary>
    public string Scrub(string text)
    {
        text = Cut(text, 2 * JobLimits.MaximumErrorLength);
        foreach (var pattern in _patterns)
        {
            text = pattern.Replace(text, static match => $"{match.Groups["keep"].Value}***{match.Groups["tail"].Value}");
        }

        return Cut(text, JobLimits.MaximumErrorLength);
    }

    private static string Cut(string text, int limit)
    {
        if (text.Length <= limit)
        {
            return text;
        }

        var length = char.IsHighSurrogate(text[limit - 2]) ? limit - 2 : limit - 1;
        return text[..length] + "…";
    }
}
