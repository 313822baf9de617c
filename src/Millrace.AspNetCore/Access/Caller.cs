using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Millrace.AspNetCore.Answers;

namespace Millrace.AspNetCore.Access;

/// <summary>Who is calling, as far as the connection and its headers tell.</summary>
internal static class Caller
{
    private static readonly string[] ForwardingHeaders =
    [
        "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-For", "X-Original-Host", "X-Real-IP",
    ];

    /// <summary>
    /// On this machine, with nothing in between: a loopback connection, no trace of a proxy, and addressed by a loopback name
    /// (a foreign name that was pointed at 127.0.0.1 is a web site trying to reach in).
    /// </summary>
    public static bool IsLocal(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address))
        {
            return false;
        }

        foreach (var header in ForwardingHeaders)
        {
            if (context.Request.Headers.ContainsKey(header))
            {
                return false;
            }
        }

        return IsLoopbackName(context.Request.Host.Host);
    }

    /// <summary>For the audit log: the name of the signed-in user, or how the caller is known otherwise. Without control characters, at most 100 long.</summary>
    public static string Name(HttpContext context)
    {
        var name = context.User.Identity is { IsAuthenticated: true } identity
            ? identity.Name ?? context.User.FindFirst("sub")?.Value ?? "authenticated, unnamed"
            : "anonymous on this machine";
        return PlainText.Of(name, 100);
    }

    private static bool IsLoopbackName(string host)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        return IPAddress.TryParse(host, out var address) && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
            && IPAddress.IsLoopback(address);
    }
}
