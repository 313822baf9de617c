using System.Net;
using System.Net.Sockets;

namespace Millrace.TestKit;

/// <summary>Addresses on this machine for the servers that tests start.</summary>
public static class Loopback
{
    /// <summary>A TCP port on 127.0.0.1 that nobody listens on now. Another program may take it before the caller does: rare, and then the
    /// server says so at its start.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
