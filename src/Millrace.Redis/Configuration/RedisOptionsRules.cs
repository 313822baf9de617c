using System.Globalization;

namespace Millrace.Redis.Configuration;

/// <summary>What options must be: ranges, and which of them need or exclude each other. Every message names the option, its range and the remedy.</summary>
internal static class RedisOptionsRules
{
    public const int MaximumEndpoints = 64;

    private const int MaximumNameLength = 128;
    private const int MaximumTextLength = 1_024;
    private const int MaximumPasswordLength = 8_192; // some servers take signed tokens
    private const int MaximumPrefixes = 64;
    private const int MaximumArray = 2_147_483_591; // Array.MaxLength

    /// <summary>A copy of the options with their connection string read into it, checked.</summary>
    public static RedisOptions Resolve(RedisOptions options, List<string> errors)
    {
        var resolved = Merge(options, errors);
        if (errors.Count == 0)
        {
            Check(resolved, errors);
        }

        return resolved;
    }

    /// <summary>
    /// A copy of the options with their connection string read into it, not checked. What was changed from its default beside the string wins.
    /// </summary>
    public static RedisOptions Merge(RedisOptions options, List<string> errors)
    {
        var merged = options.Clone();
        if (!string.IsNullOrWhiteSpace(options.ConnectionString))
        {
            if (!ConnectionStringReader.TryReadUnchecked(options.ConnectionString, out var read, out var error))
            {
                errors.Add("RedisOptions.ConnectionString cannot be read. " + error);
                return merged;
            }

            if (options.Endpoints.Count > 0)
            {
                errors.Add("RedisOptions.ConnectionString and RedisOptions.Endpoints both name servers: keep one.");
                return merged;
            }

            merged = Overlay(read, options);
        }

        merged.ConnectionString = null;
        if (merged.Topology == RedisTopology.Auto && !string.IsNullOrEmpty(merged.SentinelServiceName))
        {
            merged.Topology = RedisTopology.Sentinel;
        }

        return merged;
    }

    /// <summary>Adds what is wrong with options whose connection string, if any, has been read.</summary>
    public static void Check(RedisOptions options, List<string> errors)
    {
        CheckServers(options, errors);
        CheckNames(options, errors);
        CheckRanges(options, errors);
        CheckTls(options.Tls, errors);
        CheckTracking(options, errors);
    }

    private static RedisOptions Overlay(RedisOptions read, RedisOptions beside)
    {
        foreach (var option in OptionTable.Options)
        {
            if (option.Write(beside) is { } value)
            {
                option.Apply(read, value);
            }
        }

        read.Tracking = beside.Tracking?.Clone();
        if (beside.Tls is { } tls)
        {
            read.Tls!.ClientCertificate = tls.ClientCertificate;
            read.Tls.CertificateAuthority = tls.CertificateAuthority;
        }

        return read;
    }

    private static void CheckServers(RedisOptions options, List<string> errors)
    {
        if (options.Endpoints.Count is 0 or > MaximumEndpoints || options.Endpoints.Contains(default))
        {
            errors.Add($"RedisOptions.Endpoints must name 1 to {MaximumEndpoints} servers as host:port: add one, or set RedisOptions.ConnectionString.");
        }

        Defined(nameof(RedisOptions.Topology), options.Topology, errors);
        Defined(nameof(RedisOptions.Protocol), options.Protocol, errors);
        Defined(nameof(RedisOptions.ReadFrom), options.ReadFrom, errors);
        var sentinel = options.Topology == RedisTopology.Sentinel;
        if (sentinel && string.IsNullOrEmpty(options.SentinelServiceName))
        {
            errors.Add("RedisOptions.SentinelServiceName must be set with the topology Sentinel: the name under which the Sentinels watch the primary.");
        }

        if (!sentinel && options.Topology != RedisTopology.Auto && !string.IsNullOrEmpty(options.SentinelServiceName))
        {
            errors.Add($"RedisOptions.SentinelServiceName is only for the topology Sentinel, and the topology is {options.Topology}: remove one.");
        }

        if (!sentinel && string.IsNullOrEmpty(options.SentinelServiceName) && !(string.IsNullOrEmpty(options.SentinelUser) && string.IsNullOrEmpty(options.SentinelPassword)))
        {
            errors.Add("RedisOptions.SentinelUser and RedisOptions.SentinelPassword are only for Sentinels: remove them, or set RedisOptions.SentinelServiceName.");
        }

        if (options.Topology == RedisTopology.Cluster && options.Database != 0)
        {
            errors.Add("RedisOptions.Database must be 0 with the topology Cluster, which has one database: remove it, and tell keys apart by a prefix.");
        }

        if (options.Topology == RedisTopology.Single && options.ReadFrom != RedisReadFrom.Primary)
        {
            errors.Add("RedisOptions.ReadFrom must be Primary with the topology Single, whose replicas are not known: use Sentinel or Cluster.");
        }
    }

    private static void CheckNames(RedisOptions options, List<string> errors)
    {
        if (!string.IsNullOrEmpty(options.User) && string.IsNullOrEmpty(options.Password))
        {
            errors.Add("RedisOptions.User is set and RedisOptions.Password is not: set both. A password alone is written redis://:PASSWORD@host; "
                + "a user without one takes any text.");
        }

        if (!string.IsNullOrEmpty(options.SentinelUser) && string.IsNullOrEmpty(options.SentinelPassword))
        {
            errors.Add("RedisOptions.SentinelUser is set and RedisOptions.SentinelPassword is not: set both.");
        }

        Length(nameof(RedisOptions.User), options.User, errors);
        Length(nameof(RedisOptions.Password), options.Password, errors, MaximumPasswordLength);
        Length(nameof(RedisOptions.SentinelUser), options.SentinelUser, errors);
        Length(nameof(RedisOptions.SentinelPassword), options.SentinelPassword, errors, MaximumPasswordLength);
        Length(nameof(RedisOptions.SentinelServiceName), options.SentinelServiceName, errors);
        if (options.ClientName is { } name && (name.Length > MaximumNameLength || name.Any(static c => c is < '!' or > '~')))
        {
            errors.Add($"RedisOptions.ClientName must be at most {MaximumNameLength} printable ASCII characters without spaces, which the server asks for: shorten or replace it.");
        }
    }

    private static void CheckRanges(RedisOptions options, List<string> errors)
    {
        var millisecond = TimeSpan.FromMilliseconds(1);
        InRange(nameof(RedisOptions.ConnectTimeout), options.ConnectTimeout, millisecond, TimeSpan.FromMinutes(10), errors);
        InRange(nameof(RedisOptions.CommandTimeout), options.CommandTimeout, millisecond, TimeSpan.FromHours(1), errors);
        InRange(nameof(RedisOptions.IdleTimeout), options.IdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), errors);
        if (options.PingInterval != TimeSpan.Zero)
        {
            InRange(nameof(RedisOptions.PingInterval), options.PingInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1), errors, "; zero turns it off");
        }

        InRange(nameof(RedisOptions.ReconnectDelay), options.ReconnectDelay, millisecond, TimeSpan.FromMinutes(1), errors);
        InRange(nameof(RedisOptions.MaximumReconnectDelay), options.MaximumReconnectDelay, options.ReconnectDelay, TimeSpan.FromMinutes(10), errors, "; it begins at RedisOptions.ReconnectDelay");
        InRange(nameof(RedisOptions.Database), options.Database, 0, int.MaxValue, errors);
        InRange(nameof(RedisOptions.ConnectionsPerServer), options.ConnectionsPerServer, 0, 64, errors, "; 0 chooses by the number of processors");
        InRange(nameof(RedisOptions.MaximumDedicatedConnections), options.MaximumDedicatedConnections, 1, 10_000, errors);
        InRange(nameof(RedisOptions.MaximumInFlight), options.MaximumInFlight, 1, 1_048_576, errors);
        InRange(nameof(RedisOptions.MaximumWaiting), options.MaximumWaiting, 0, 16_777_216, errors);
        InRange(nameof(RedisOptions.MaximumChannels), options.MaximumChannels, 1, 1_048_576, errors);
        InRange(nameof(RedisOptions.MaximumReplyBytes), options.MaximumReplyBytes, 1_024, MaximumArray, errors);
        InRange(nameof(RedisOptions.MaximumReplyElements), options.MaximumReplyElements, 1_024, 268_435_456, errors);
        InRange(nameof(RedisOptions.MaximumReplyDepth), options.MaximumReplyDepth, 4, 128, errors);
    }

    private static void CheckTls(RedisTlsOptions? tls, List<string> errors)
    {
        if (tls is null)
        {
            return;
        }

        if (tls.HostName is { } host && Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            errors.Add("RedisOptions.Tls.HostName must be a host's name or address, as in the server's certificate: correct or remove it.");
        }

        if (tls.KeyPath is not null && tls.CertificatePath is null)
        {
            errors.Add("RedisOptions.Tls.KeyPath is set and RedisOptions.Tls.CertificatePath is not: set both.");
        }

        if (tls.CertificatePath is not null && tls.ClientCertificate is not null)
        {
            errors.Add("RedisOptions.Tls.CertificatePath and RedisOptions.Tls.ClientCertificate are both set: keep one.");
        }

        if (tls.CertificateAuthorityPath is not null && tls.CertificateAuthority is not null)
        {
            errors.Add("RedisOptions.Tls.CertificateAuthorityPath and RedisOptions.Tls.CertificateAuthority are both set: keep one.");
        }

        if (tls.ClientCertificate is { HasPrivateKey: false })
        {
            errors.Add("RedisOptions.Tls.ClientCertificate must have its private key: load it with the key.");
        }
    }

    private static void CheckTracking(RedisOptions options, List<string> errors)
    {
        if (options.Tracking is not { } tracking)
        {
            return;
        }

        if (options.Protocol == RedisProtocol.Resp2)
        {
            errors.Add("RedisOptions.Tracking needs pushes, which RESP2 does not have: set RedisOptions.Protocol to Resp3, or remove it.");
        }

        if (tracking is { Broadcast: false, Prefixes.Count: > 0 })
        {
            errors.Add("RedisOptions.Tracking.Prefixes are only for Broadcast: set RedisOptions.Tracking.Broadcast, or remove them.");
        }

        if (tracking is { Broadcast: true, OptIn: true })
        {
            errors.Add("RedisOptions.Tracking.OptIn and RedisOptions.Tracking.Broadcast exclude each other: keep one.");
        }

        if (tracking.Prefixes.Count > MaximumPrefixes || tracking.Prefixes.Any(static prefix => prefix is null or { Length: > MaximumTextLength }))
        {
            errors.Add($"RedisOptions.Tracking.Prefixes must be at most {MaximumPrefixes} texts of at most {MaximumTextLength} characters: name fewer, shorter ones.");
        }
        else if (tracking.Prefixes.Where((prefix, index) => tracking.Prefixes.Where((other, at) => at != index && other.StartsWith(prefix, StringComparison.Ordinal)).Any()).Any())
        {
            errors.Add("RedisOptions.Tracking.Prefixes overlap, which the server refuses: remove those that begin with another one.");
        }
    }

    private static void Length(string name, string? value, List<string> errors, int most = MaximumTextLength)
    {
        if (value?.Length > most)
        {
            errors.Add($"RedisOptions.{name} must be at most {most} characters: shorten it.");
        }
    }

    private static void Defined<T>(string name, T value, List<string> errors)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            errors.Add($"RedisOptions.{name} must be one of {string.Join(", ", Enum.GetNames<T>())}: correct or remove it.");
        }
    }

    private static void InRange(string name, int value, int least, int most, List<string> errors, string remark = "")
    {
        if (value < least || value > most)
        {
            errors.Add(string.Create(CultureInfo.InvariantCulture, $"RedisOptions.{name} must be from {least} to {most}{remark}, and is {value}: correct or remove it."));
        }
    }

    private static void InRange(string name, TimeSpan value, TimeSpan least, TimeSpan most, List<string> errors, string remark = "")
    {
        if (value < least || value > most)
        {
            errors.Add($"RedisOptions.{name} must be from {ConnectionValue.WriteDuration(least)} to {ConnectionValue.WriteDuration(most)}{remark}, "
                + $"and is {ConnectionValue.WriteDuration(value)}: correct or remove it.");
        }
    }
}
