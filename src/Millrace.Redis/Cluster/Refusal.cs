using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Cluster;

/// <summary>A node's error reply that says that a command was not run and where or when to ask again.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Slot">The slot it speaks of; -1: none that there is.</param>
/// <param name="Text">The line, shortened.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Refusal(RefusalKind Kind, int Slot, string Text)
{
    private const int MaximumBytes = 512;

    /// <summary>Reads an error reply.</summary>
    public static Refusal Read(in ReadOnlySequence<byte> error)
    {
        if (error.FirstSpan[0] != (byte)RespType.Error)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[(int)Math.Min(error.Length, MaximumBytes)];
        error.Slice(0, bytes.Length).CopyTo(bytes);
        var kind = KindOf(bytes[1..]);
        if (kind == RefusalKind.None)
        {
            return default;
        }

        var line = Encoding.UTF8.GetString(bytes[1..]).TrimEnd('\r', '\n');
        var slot = kind is RefusalKind.Moved or RefusalKind.Ask
            && line.Split(' ') is [_, var number, ..]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var read)
            && read < HashSlot.Count ? read : -1;
        return new Refusal(kind, slot, line);
    }

    /// <summary>Where MOVED or ASK points to.</summary>
    /// <param name="asked">The node that said so.</param>
    /// <param name="endpoint">The node to ask.</param>
    /// <returns>False: it names no slot or no address.</returns>
    public bool TryReadTarget(RedisEndpoint asked, out RedisEndpoint endpoint)
    {
        endpoint = default;
        return Slot >= 0 && Text.Split(' ') is [_, _, var address] && NodeAddress.TryRead(address, asked, out endpoint);
    }

    /// <summary>
    /// Whole beginnings of the servers' own lines, not their codes alone: a script may return an error of its own with such a code after it
    /// has written, and must not run again.
    /// </summary>
    private static RefusalKind KindOf(ReadOnlySpan<byte> line) => line switch
    {
        _ when line.StartsWith("MOVED "u8) => RefusalKind.Moved,
        _ when line.StartsWith("ASK "u8) => RefusalKind.Ask,
        _ when line.StartsWith("TRYAGAIN Multiple keys request"u8) => RefusalKind.TryAgain,
        _ when line.StartsWith("CLUSTERDOWN The cluster is down"u8) || line.StartsWith("CLUSTERDOWN Hash slot not served"u8)
            || line.StartsWith("LOADING "u8) || line.StartsWith("MASTERDOWN Link with "u8) => RefusalKind.Down,
        _ when line.StartsWith("READONLY You can't write against a read only"u8) => RefusalKind.ReadOnly,
        _ => RefusalKind.None,
    };
}
