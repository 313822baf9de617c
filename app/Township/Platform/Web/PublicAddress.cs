using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Township.Platform.Web;

/// <summary>
/// The address for links that leave this site. From configuration or from what the server listens on, never from a request:
/// whoever sends the request chooses its Host header.
/// </summary>
internal sealed class PublicAddress(IOptions<TownshipSettings> settings, IServer server)
{
    /// <summary>Without a slash at its end.</summary>
    public string Base
    {
        get
        {
            var address = settings.Value.PublicUrl?.ToString()
                ?? server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
                ?? "http://localhost";
            return address
                .Replace("//0.0.0.0", "//localhost", StringComparison.Ordinal)
                .Replace("//[::]", "//localhost", StringComparison.Ordinal)
                .Replace("//+", "//localhost", StringComparison.Ordinal)
                .Replace("//*", "//localhost", StringComparison.Ordinal)
                .TrimEnd('/');
        }
    }

    public string Link(string path) => Base + path;
}
