using Millrace.Caching.Tests.Sharing;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Two nodes of one cache.</summary>
internal sealed class Pair(string prefix, Cache a, Cache b) : IAsyncDisposable
{
    public string Prefix => prefix;

    public Cache A => a;

    public Cache B => b;

    public static async Task<Pair> StartAsync(SharedServers servers, string server)
    {
        var (prefix, address) = (SharedServers.Prefix(), await servers.AddressAsync(server));
        return new Pair(prefix, await Node.StartAsync(address, o => o.KeyPrefix = prefix), await Node.StartAsync(address, o => o.KeyPrefix = prefix));
    }

    public async ValueTask DisposeAsync()
    {
        await a.DisposeAsync();
        await b.DisposeAsync();
    }
}
