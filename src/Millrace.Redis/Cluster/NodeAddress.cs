using System.Globalization;

namespace Millrace.Redis.Cluster;

/// <summary>Addresses as the nodes of a cluster tell them. They come from outside: each is checked.</summary>
internal static class NodeAddress
{
    /// <summary>Reads a host and a port.</summary>
    /// <param name="host">Null, empty or <c>?</c>: the host of <paramref name="asked"/>.</param>
    /// <param name="port">The port.</param>
    /// <param name="asked">The node that says so.</param>
    /// <param name="endpoint">The address, or <c>default</c>.</param>
    public static bool TryRead(string? host, long port, RedisEndpoint asked, out RedisEndpoint endpoint)
    {
        endpoint = default;
        if (port is < 1 or > ushort.MaxValue)
        {
            return false;
        }

        if (host is null or "" or "?")
        {
            endpoint = new RedisEndpoint(asked.Host, (int)port);
            return true;
        }

        var bracketed = host.Contains(':', StringComparison.Ordinal) && host[0] != '[' ? $"[{host}]" : host;
        return RedisEndpoint.TryParse(string.Create(CultureInfo.InvariantCulture, $"{bracketed}:{port}"), out endpoint);
    }

    /// <summary>Reads <c>host:port</c> as in MOVED; IPv6 stands there without brackets.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, RedisEndpoint asked, out RedisEndpoint endpoint)
    {
        endpoint = default;
        var colon = text.LastIndexOf(':');
        return colon >= 0
            && int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && TryRead(text[..colon].ToString(), port, asked, out endpoint);
    }
}
