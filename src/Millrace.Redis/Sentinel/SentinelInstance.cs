using System.Globalization;

namespace Millrace.Redis.Sentinel;

/// <summary>A server as a Sentinel describes it.</summary>
/// <param name="Host">Its address or name; empty: not told.</param>
/// <param name="Port">Its port, as text.</param>
/// <param name="Flags">What the Sentinel thinks of it, apart by commas.</param>
/// <param name="Epoch">The configuration that made it the primary: the higher, the later. -1: not told.</param>
internal readonly record struct SentinelInstance(string Host, string Port, string Flags, long Epoch)
{
    private const int MaximumFields = 256;

    /// <summary>Whether the Sentinel can reach it.</summary>
    public bool IsHealthy =>
        !Flags.Contains("s_down", StringComparison.Ordinal) && !Flags.Contains("o_down", StringComparison.Ordinal) && !Flags.Contains("disconnected", StringComparison.Ordinal);

    /// <summary>Where it listens.</summary>
    /// <returns>False: what the Sentinel told is no address.</returns>
    public bool TryGetEndpoint(out RedisEndpoint endpoint) => TryReadEndpoint(Host, Port, out endpoint);

    /// <summary>Reads an address that a Sentinel told.</summary>
    public static bool TryReadEndpoint(string? host, string? port, out RedisEndpoint endpoint)
    {
        endpoint = default;
        var bracketed = host is not null && host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out _) && RedisEndpoint.TryParse($"{bracketed}:{port}", out endpoint);
    }

    /// <summary>Reads a description: pairs of names and values.</summary>
    public static SentinelInstance Read(ref RespReader reader)
    {
        var (host, port, flags, epoch) = ("", "", "", -1L);
        var count = reader.ReadAggregateHeader() / 2;
        for (var i = 0; i < count; i++)
        {
            if (i >= MaximumFields)
            {
                throw new RedisException($"A Sentinel described a server by {count} fields: at most {MaximumFields} are read.");
            }

            switch (reader.ReadString())
            {
                case "ip":
                    host = reader.ReadString() ?? "";
                    break;
                case "port":
                    port = reader.ReadString() ?? "";
                    break;
                case "flags":
                    flags = reader.ReadString() ?? "";
                    break;
                case "config-epoch":
                    epoch = long.TryParse(reader.ReadString(), NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? told : -1;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return new SentinelInstance(host, port, flags, epoch);
    }

    /// <summary>Reads a list of descriptions; what is beyond the limit is left out.</summary>
    public static List<SentinelInstance> ReadList(ref RespReader reader, int limit)
    {
        var count = Math.Min(reader.ReadAggregateHeader(), limit);
        var instances = new List<SentinelInstance>(Math.Max(0, count));
        for (var i = 0; i < count; i++)
        {
            instances.Add(Read(ref reader));
        }

        return instances;
    }
}
