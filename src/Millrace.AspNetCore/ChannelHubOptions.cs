namespace Millrace.AspNetCore;

/// <summary>Options of the channel hub. Limits that do not depend on SignalR are in <see cref="Realtime.RealtimeOptions"/>. Checked when the host starts.</summary>
public sealed class ChannelHubOptions
{
    /// <summary>Whether clients may connect without signing in; each channel's rules still decide. Default false: they are closed with a reason.</summary>
    public bool AllowAnonymousConnections { get; set; }

    /// <summary>The largest message a client may send, in bytes; 1 KiB to 1 MiB, default 32 KiB. A larger one closes its connection.</summary>
    public int MaximumMessageBytes { get; set; } = 32 * 1024;

    /// <summary>
    /// Whether <c>?access_token=</c> on the hub's own path counts as an <c>Authorization: Bearer</c> header, as browsers need for
    /// WebSockets; default true. Anywhere else a token in the query string stays ignored.
    /// </summary>
    public bool AcceptQueryToken { get; set; } = true;

    /// <summary>How long one write may wait for a client that does not read before its connection is cut; 1 s to 10 min, default 30 s.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
