using System.Runtime.InteropServices;

namespace Millrace.Redis;

/// <summary>Slots of a cluster that one server has.</summary>
/// <param name="Server">The primary that serves them, <c>host:port</c>.</param>
/// <param name="First">The first of them, from 0.</param>
/// <param name="Last">The last of them, 16383 at most.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RedisSlotRange(string Server, int First, int Last);
