using System.Runtime.InteropServices;

namespace Millrace.Realtime.Channels;

/// <summary>The limits that hold for one channel: per subscriber what may wait, and how large one message may be.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ChannelLimits(OverflowPolicy Overflow, int OutboxPublications, int OutboxBytes, int MessageBytes);
