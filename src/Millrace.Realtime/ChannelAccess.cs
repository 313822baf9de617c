using System.Security.Claims;

namespace Millrace.Realtime;

/// <summary>One client's wish to use one channel: what a rule decides about. Also the resource of an ASP.NET Core policy.</summary>
/// <remarks>Valid while the rule runs; <see cref="Services"/> is a scope that ends with it.</remarks>
public sealed class ChannelAccess
{
    internal ChannelAccess(
        string channel,
        string pattern,
        IReadOnlyDictionary<string, string> parts,
        ChannelOperation operation,
        ClaimsPrincipal user,
        string connectionId,
        IServiceProvider services)
    {
        Channel = channel;
        Pattern = pattern;
        Parts = parts;
        Operation = operation;
        User = user;
        ConnectionId = connectionId;
        Services = services;
    }

    /// <summary>The channel, a valid name.</summary>
    public string Channel { get; }

    /// <summary>The pattern that the channel matched.</summary>
    public string Pattern { get; }

    /// <summary>The named parts: for <c>project:{id}</c> and <c>project:7</c>, <c>id</c> is <c>7</c>.</summary>
    public IReadOnlyDictionary<string, string> Parts { get; }

    /// <summary>To subscribe or to publish.</summary>
    public ChannelOperation Operation { get; }

    /// <summary>Who asks; without an authenticated identity for an anonymous client.</summary>
    public ClaimsPrincipal User { get; }

    /// <summary>The user's id: the claim <see cref="ClaimTypes.NameIdentifier"/>, else <c>sub</c>; null for an anonymous client.</summary>
    public string? UserId => UserIdOf(User);

    /// <summary>The transport's id of the connection.</summary>
    public string ConnectionId { get; }

    /// <summary>Services of a scope made for this decision.</summary>
    public IServiceProvider Services { get; }

    /// <summary>The value of a named part.</summary>
    /// <exception cref="KeyNotFoundException">The pattern has no part of that name.</exception>
    public string this[string part] => Parts[part];

    internal static string? UserIdOf(ClaimsPrincipal user) => user.Identity is { IsAuthenticated: true }
        ? user.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? user.FindFirst("sub")?.Value
        : null;
}
