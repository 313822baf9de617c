using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Millrace.Redis.Configuration;

/// <summary>
/// The forms <c>redis://[user[:password]@]host[:port][,…][/database][?key=value&amp;…]</c> and, with Sentinels,
/// <c>redis+sentinel://…/serviceName[/database]</c>. Users, passwords, service names and values are percent-encoded.
/// </summary>
internal static class ConnectionUri
{
    private const string BadEncoding = "is not percent-encoded UTF-8: a percent sign is written %25";

    /// <returns>What is wrong, or null.</returns>
    public static string? Split(string scheme, string rest, ConnectionStringParts parts)
    {
        if (!ReadScheme(scheme, parts))
        {
            return "The connection string's scheme is unknown: use redis, rediss (with TLS), redis+sentinel, rediss+sentinel, redis+cluster or rediss+cluster.";
        }

        var end = rest.AsSpan().IndexOfAny('/', '?', '#');
        var authority = end < 0 ? rest : rest[..end];
        var tail = end < 0 ? "" : rest[end..];

        // A raw '@' here comes from a password with a raw '/', '?' or '#'; nothing of it may reach a message.
        if (tail.AsSpan().IndexOfAny('@', '#') >= 0)
        {
            return "The connection string has '@' or '#' after its servers: percent-encode '/', '?', '#' and '@' in user, password and values (%2F, %3F, %23, %40).";
        }

        var at = authority.LastIndexOf('@');
        if (at >= 0 && ReadUser(authority[..at], parts) is { } userError)
        {
            return userError;
        }

        parts.Hosts.AddRange(authority[(at + 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        var question = tail.IndexOf('?', StringComparison.Ordinal);
        return ReadPath(question < 0 ? tail : tail[..question], parts) ?? ReadQuery(question < 0 ? "" : tail[(question + 1)..], parts);
    }

    private static bool ReadScheme(string scheme, ConnectionStringParts parts)
    {
        var pieces = scheme.ToLowerInvariant().Split('+');
        parts.Tls = pieces[0] == "rediss";
        parts.Topology = pieces is [_, "sentinel"] ? RedisTopology.Sentinel : pieces is [_, "cluster"] ? RedisTopology.Cluster : null;
        return pieces[0] is "redis" or "rediss" && (pieces.Length == 1 || parts.Topology is not null);
    }

    private static string? ReadUser(string text, ConnectionStringParts parts)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (!TryDecode(colon < 0 ? text : text[..colon], out var user) || !TryDecode(colon < 0 ? "" : text[(colon + 1)..], out var password))
        {
            return $"The user or the password of the connection string {BadEncoding}.";
        }

        if (user.Length > 0)
        {
            Add(parts, nameof(RedisOptions.User), user);
        }

        if (password.Length > 0)
        {
            Add(parts, nameof(RedisOptions.Password), password);
        }

        return null;
    }

    private static string? ReadPath(string path, ConnectionStringParts parts)
    {
        var pieces = path.Split('/', StringSplitOptions.RemoveEmptyEntries).ToList();
        if (parts.Topology == RedisTopology.Sentinel && pieces.Count > 0)
        {
            if (!TryDecode(pieces[0], out var service))
            {
                return $"The service name of the connection string {BadEncoding}.";
            }

            Add(parts, nameof(RedisOptions.SentinelServiceName), service);
            pieces.RemoveAt(0);
        }

        if (pieces.Count > 0)
        {
            Add(parts, nameof(RedisOptions.Database), pieces[0]);
        }

        return pieces.Count <= 1 ? null : "The path of the connection string has too many parts: it is /database, with Sentinels /serviceName/database.";
    }

    private static string? ReadQuery(string query, ConnectionStringParts parts)
    {
        foreach (var piece in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = piece.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !TryDecode(piece[..equals], out var key) || !TryDecode(piece[(equals + 1)..], out var value))
            {
                return $"Entry {parts.Entries.Count + 1} of the connection string is not key=value with a percent-encoded value.";
            }

            Add(parts, key, value);
        }

        return null;
    }

    private static void Add(ConnectionStringParts parts, string key, string value) =>
        parts.Entries.Add(new ConnectionEntry(parts.Entries.Count + 1, key, value));

    private static bool TryDecode(string text, out string decoded)
    {
        decoded = text;
        if (!text.Contains('%', StringComparison.Ordinal))
        {
            return true;
        }

        var bytes = new ArrayBufferWriter<byte>(text.Length);
        for (var index = 0; index < text.Length;)
        {
            if (text[index] == '%')
            {
                if (index + 2 >= text.Length
                    || !byte.TryParse(text.AsSpan(index + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                {
                    return false;
                }

                bytes.Write([value]);
                index += 3;
                continue;
            }

            var next = text.IndexOf('%', index);
            var plain = text.AsSpan(index, (next < 0 ? text.Length : next) - index);
            Encoding.UTF8.GetBytes(plain, bytes);
            index += plain.Length;
        }

        decoded = Encoding.UTF8.GetString(bytes.WrittenSpan);
        return Utf8.IsValid(bytes.WrittenSpan);
    }
}
