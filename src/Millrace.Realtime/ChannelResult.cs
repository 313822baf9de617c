namespace Millrace.Realtime;

/// <summary>Whether a client got what it asked for; if not, <see cref="Reason"/> is a sentence that may be shown to it.</summary>
/// <param name="Succeeded">True when it was done.</param>
/// <param name="Reason">Why not; null when it was done.</param>
public readonly record struct ChannelResult(bool Succeeded, string? Reason)
{
    internal static ChannelResult Done => new(true, null);

    internal static ChannelResult Refused(string reason) => new(false, reason);
}
