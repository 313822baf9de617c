using System.Text;

namespace Millrace.Redis.Configuration;

/// <summary>Writes options as a URI that <see cref="ConnectionStringReader"/> reads, with the mask in the place of secrets.</summary>
internal static class ConnectionStringWriter
{
    private const string Mask = "***";

    public static string Write(RedisOptions options)
    {
        var errors = new List<string>();
        var resolved = RedisOptionsRules.Merge(options, errors);
        if (errors.Count > 0)
        {
            return "(options whose connection string cannot be read)";
        }

        var sentinel = resolved.Topology == RedisTopology.Sentinel;
        var servicePath = sentinel && !string.IsNullOrEmpty(resolved.SentinelServiceName);
        var text = new StringBuilder(resolved.Tls is null ? "redis" : "rediss")
            .Append(sentinel ? "+sentinel" : resolved.Topology == RedisTopology.Cluster ? "+cluster" : "")
            .Append("://");
        var signsIn = !string.IsNullOrEmpty(resolved.Password);
        if (signsIn || !string.IsNullOrEmpty(resolved.User))
        {
            // A user alone is most often a password without its colon.
            text.Append(signsIn ? Uri.EscapeDataString(resolved.User ?? "") + ":" : "").Append(Mask).Append('@');
        }

        text.AppendJoin(',', resolved.Endpoints);
        if (servicePath)
        {
            text.Append('/').Append(Uri.EscapeDataString(resolved.SentinelServiceName!));
        }

        var databasePath = resolved.Database != 0 && (servicePath || !sentinel);
        if (databasePath)
        {
            text.Append('/').Append(ConnectionValue.WriteNumber(resolved.Database));
        }

        var separator = '?';
        foreach (var option in OptionTable.Options)
        {
            if (!IsWrittenAbove(option.Name, servicePath, databasePath, resolved.Topology) && option.Write(resolved) is { } value)
            {
                text.Append(separator).Append(char.ToLowerInvariant(option.Name[0])).Append(option.Name, 1, option.Name.Length - 1).Append('=')
                    .Append(option.Name == nameof(RedisOptions.SentinelPassword) ? Mask : Uri.EscapeDataString(value));
                separator = '&';
            }
        }

        return text.ToString();
    }

    private static bool IsWrittenAbove(string name, bool servicePath, bool databasePath, RedisTopology topology) => name switch
    {
        nameof(RedisOptions.User) or nameof(RedisOptions.Password) or OptionTable.TlsKey => true,
        nameof(RedisOptions.Database) => databasePath,
        nameof(RedisOptions.SentinelServiceName) => servicePath,
        nameof(RedisOptions.Topology) => topology != RedisTopology.Single,
        _ => false,
    };
}
