using System.Globalization;
using System.IO.Compression;

namespace Millrace.HitRate;

/// <summary>An access log cut into hours: how often each key was read in each.</summary>
/// <param name="FirstHour">The first hour, counted from 1970.</param>
/// <param name="Hours">The hours in a row, those without reads included.</param>
internal sealed record HourlyLog(long FirstHour, IReadOnlyList<IReadOnlyDictionary<string, int>> Hours)
{
    private const int SecondsPerHour = 3600;

    /// <summary>Reads a gzip of tab-separated lines, sorted by time: Unix seconds, client, method, path; the keys are the paths.</summary>
    public static async Task<HourlyLog> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        await using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        var hours = new List<IReadOnlyDictionary<string, int>>();
        var (first, current) = (0L, new Dictionary<string, int>(StringComparer.Ordinal));
        for (var line = 1; await reader.ReadLineAsync(cancellationToken) is { } text; line++)
        {
            var fields = text.Split('\t');
            if (fields.Length < 4 || !long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                throw new InvalidDataException($"{path}, line {line}: expected seconds, client, method and path, separated by tabs.");
            }

            if (hours.Count == 0)
            {
                first = seconds / SecondsPerHour;
                hours.Add(current);
            }

            while (first + hours.Count <= seconds / SecondsPerHour)
            {
                hours.Add(current = new Dictionary<string, int>(StringComparer.Ordinal));
            }

            current[fields[3]] = current.GetValueOrDefault(fields[3]) + 1;
        }

        return new HourlyLog(first, hours);
    }

    /// <summary>The keys that were read most in some hours, most first.</summary>
    public IReadOnlyList<string> Top(Range hours, int most)
    {
        var reads = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var hour in Hours.Take(hours))
        {
            foreach (var (key, count) in hour)
            {
                reads[key] = reads.GetValueOrDefault(key) + count;
            }
        }

        return [.. reads.OrderByDescending(static pair => pair.Value).ThenBy(static pair => pair.Key, StringComparer.Ordinal).Take(most).Select(static pair => pair.Key)];
    }
}
