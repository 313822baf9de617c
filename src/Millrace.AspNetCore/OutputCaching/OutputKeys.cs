using System.Security.Cryptography;
using System.Text;

namespace Millrace.AspNetCore.OutputCaching;

/// <summary>
/// Turns ASP.NET Core's storage keys, which hold control characters and whatever a client puts into a query, into keys of ours:
/// <c>page:</c>, the path with <c>:</c> between its segments, and a hash of the whole key.
/// </summary>
internal static class OutputKeys
{
    private const char Delimiter = '\x1e'; // what OutputCacheKeyProvider puts between the parts of a key
    private const int MaximumPathLength = 100;

    public static string Of(string storageKey)
    {
        var text = new StringBuilder("page");
        AppendPath(text, storageKey);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(storageKey));
        return text.Append(':').Append(Convert.ToHexStringLower(hash)).ToString();
    }

    /// <summary>GET, scheme, host and path are the first parts; a key that is something else just has no path here.</summary>
    private static void AppendPath(StringBuilder text, string storageKey)
    {
        var rest = storageKey.AsSpan();
        for (var part = 0; part < 2; part++)
        {
            var end = rest.IndexOf(Delimiter);
            if (end < 0)
            {
                return;
            }

            rest = rest[(end + 1)..];
        }

        var last = rest.IndexOf(Delimiter);
        var address = last < 0 ? rest : rest[..last];
        var slash = address.IndexOf('/');
        if (slash < 0)
        {
            return;
        }

        var path = address[slash..];
        foreach (var c in path.Length > MaximumPathLength ? path[..MaximumPathLength] : path)
        {
            text.Append(c switch
            {
                '/' => ':',
                _ when char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' => char.ToLowerInvariant(c),
                _ => '_',
            });
        }
    }
}
