using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Realtime;

namespace Millrace.AspNetCore;

/// <summary>Lets ordinary ASP.NET Core policies decide about channels.</summary>
public static class ChannelPolicyExtensions
{
    /// <summary>A client may subscribe if the policy allows it; the policy's resource is the <see cref="ChannelAccess"/>.</summary>
    /// <param name="channel">The channel being declared.</param>
    /// <param name="policy">The name of a policy; if there is none of that name, everyone is refused and the error is logged.</param>
    public static ChannelBuilder RequirePolicy(this ChannelBuilder channel, string policy)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentException.ThrowIfNullOrEmpty(policy);
        return channel.Authorize((access, _) => IsAllowedAsync(access, policy));
    }

    /// <summary>A client may publish if the policy allows it; the policy's resource is the <see cref="ChannelAccess"/>.</summary>
    /// <inheritdoc cref="RequirePolicy" />
    public static ChannelBuilder RequirePublishPolicy(this ChannelBuilder channel, string policy)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentException.ThrowIfNullOrEmpty(policy);
        return channel.AuthorizePublish((access, _) => IsAllowedAsync(access, policy));
    }

    private static async ValueTask<bool> IsAllowedAsync(ChannelAccess access, string policy)
    {
        var authorization = access.Services.GetRequiredService<IAuthorizationService>();
        var result = await authorization.AuthorizeAsync(access.User, access, policy).ConfigureAwait(false);
        return result.Succeeded;
    }
}
