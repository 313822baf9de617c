using System.Buffers;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Millrace.Redis.Configuration;

namespace Millrace.Redis;

/// <summary>The address of a server. Bound from configuration as <c>host:port</c>.</summary>
/// <param name="Host">A host's name or an IP address, IPv6 with or without brackets; at most 255 characters.</param>
/// <param name="Port">The TCP port, from 1 to 65,535.</param>
/// <exception cref="ArgumentException">The host is no name or address.</exception>
/// <exception cref="ArgumentOutOfRangeException">The port is out of its range.</exception>
[TypeConverter(typeof(RedisEndpointConverter))]
public readonly record struct RedisEndpoint(string Host, int Port)
{
    /// <summary>The port that servers listen on unless told otherwise: 6379.</summary>
    public const int DefaultPort = 6379;

    /// <summary>The port that Sentinels listen on unless told otherwise: 26379.</summary>
    public const int DefaultSentinelPort = 26379;

    private const int MaximumHostLength = 255;

    private static readonly SearchValues<char> AddressCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:.%_-");

    /// <summary>The host's name or address, IPv6 without brackets. Empty in <c>default</c>, which no client accepts.</summary>
    public string Host
    {
        get => field ?? "";
    } = CheckHost(Host);

    /// <summary>The TCP port, from 1 to 65,535; 0 in <c>default</c>, which no client accepts.</summary>
    public int Port { get; } = CheckPort(Port);

    /// <summary>Reads <c>host</c> or <c>host:port</c>; an IPv6 address with a port needs brackets: <c>[::1]:6379</c>.</summary>
    /// <param name="text">The text; null is no endpoint.</param>
    /// <param name="endpoint">The endpoint, or <c>default</c>.</param>
    /// <param name="defaultPort">The port where the text has none: <see cref="DefaultPort"/>, or <see cref="DefaultSentinelPort"/> for Sentinels.</param>
    /// <returns>Whether the text is an endpoint.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The default port is not from 1 to 65,535.</exception>
    public static bool TryParse([NotNullWhen(true)] string? text, out RedisEndpoint endpoint, int defaultPort = DefaultPort)
    {
        CheckPort(defaultPort);
        endpoint = default;
        var host = text.AsSpan().Trim();
        var port = defaultPort;
        var colon = host.LastIndexOf(':');
        var closing = host.LastIndexOf(']');

        // More than one colon without brackets is an IPv6 address without a port.
        if (colon >= 0 && colon > closing && (closing >= 0 || host.IndexOf(':') == colon))
        {
            if (!int.TryParse(host[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > ushort.MaxValue)
            {
                return false;
            }

            host = host[..colon];
        }

        if (!TryReadHost(host.ToString(), out var read))
        {
            return false;
        }

        endpoint = new RedisEndpoint(read, port);
        return true;
    }

    /// <summary>The address as <c>host:port</c>, IPv6 in brackets.</summary>
    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal)
            ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    private static string CheckHost(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return TryReadHost(host, out var read)
            ? read
            : throw new ArgumentException($"A host is a name or an IP address of 1 to {MaximumHostLength} characters, without scheme and port.", nameof(host));
    }

    private static int CheckPort(int port) =>
        port is >= 1 and <= ushort.MaxValue ? port : throw new ArgumentOutOfRangeException(nameof(port), port, "A port is from 1 to 65535.");

    private static bool TryReadHost(string text, out string host)
    {
        host = text is ['[', .., ']'] ? text[1..^1] : text;
        if (host.Length is 0 or > MaximumHostLength)
        {
            return false;
        }

        if (host.Contains(':', StringComparison.Ordinal) || host.Length != text.Length)
        {
            // .NET takes any text for the zone after '%'.
            return host.AsSpan().IndexOfAnyExcept(AddressCharacters) < 0 && host.AsSpan().Count('%') <= 1
                && IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4;
    }
}
