using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Township.Platform.Identity;

/// <summary>
/// Slows down guessing: so many attempts per minute and client address, and at most ten per minute for one account, from
/// wherever they come. Counters of addresses that stay away are forgotten.
/// </summary>
internal sealed class AttemptLimiter : IDisposable
{
    private const int PerAccount = 10;
    private readonly PartitionedRateLimiter<string> _addresses;
    private readonly PartitionedRateLimiter<string> _accounts;

    public AttemptLimiter(IOptions<TownshipSettings> settings)
    {
        _addresses = Limiter(settings.Value.AccountAttemptsPerMinute);
        _accounts = Limiter(Math.Min(PerAccount, settings.Value.AccountAttemptsPerMinute));
    }

    /// <summary>Whether one more attempt is allowed now.</summary>
    public bool TryAttempt(HttpContext context, string? email)
    {
        using var address = _addresses.AttemptAcquire(Address(context.Connection.RemoteIpAddress));
        if (!address.IsAcquired)
        {
            return false;
        }

        if (string.IsNullOrEmpty(email))
        {
            return true;
        }

        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(email.Trim().ToLowerInvariant())));
        using var account = _accounts.AttemptAcquire(key);
        return account.IsAcquired;
    }

    public void Dispose()
    {
        _addresses.Dispose();
        _accounts.Dispose();
    }

    private static PartitionedRateLimiter<string> Limiter(int perMinute) =>
        PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetFixedWindowLimiter(
            key,
            _ => new FixedWindowRateLimiterOptions { PermitLimit = perMinute, Window = TimeSpan.FromMinutes(1), QueueLimit = 0 }));

    // One household has a /64 of IPv6 addresses to choose from.
    private static string Address(IPAddress? address)
    {
        if (address is null)
        {
            return "local";
        }

        if (address.AddressFamily is not AddressFamily.InterNetworkV6 || address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4().ToString();
        }

        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }
}
