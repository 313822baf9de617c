using Millrace.Realtime;

namespace Millrace.AspNetCore.Management;

/// <summary>A page of channels by name; <paramref name="After"/> is what the next page is asked for with, null on the last.</summary>
internal sealed record ChannelPageView(IReadOnlyList<ChannelStatistics> Channels, string? After);
