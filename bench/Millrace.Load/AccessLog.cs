using System.Globalization;
using System.IO.Compression;

namespace Millrace.Load;

/// <summary>Reads the access log: gzip, tab-separated, sorted by time.</summary>
internal static class AccessLog
{
    public static async Task<IReadOnlyList<LoggedRequest>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        await using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        var requests = new List<LoggedRequest>();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            var fields = line.Split('\t');
            if (fields.Length < 4 || !long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                throw new InvalidDataException($"{path}, line {requests.Count + 1}: expected seconds, client, method and path, separated by tabs.");
            }

            requests.Add(new LoggedRequest(seconds, fields[1], fields[2], fields[3]));
        }

        return requests;
    }
}
