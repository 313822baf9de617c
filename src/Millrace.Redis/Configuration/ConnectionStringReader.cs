using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Millrace.Redis.Configuration;

/// <summary>
/// Reads connection strings, in four steps: the form, its parts, the keys (<see cref="OptionTable"/>), the servers.
/// Messages name keys and positions, never values: any part of a string can be a piece of a password that was written without its encoding.
/// </summary>
internal static class ConnectionStringReader
{
    public const int MaximumLength = 8_192;

    private const string Forms = "a connection string begins with redis://, rediss://, redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://, or is host:port,key=value,…";

    private static readonly SearchValues<char> SchemeCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    public static bool TryRead(string? text, [NotNullWhen(true)] out RedisOptions? options, [NotNullWhen(false)] out string? error)
    {
        options = null;
        if (!TryReadUnchecked(text, out var read, out error))
        {
            return false;
        }

        var errors = new List<string>();
        RedisOptionsRules.Check(read, errors);
        if (errors.Count > 0)
        {
            error = string.Join(' ', errors);
            return false;
        }

        options = read;
        return true;
    }

    /// <summary>Reads what the string says, without asking whether the options fit each other.</summary>
    public static bool TryReadUnchecked(string? text, [NotNullWhen(true)] out RedisOptions? options, [NotNullWhen(false)] out string? error)
    {
        options = null;
        var trimmed = text?.Trim();
        if (string.IsNullOrEmpty(trimmed))
        {
            error = $"The connection string is empty: {Forms}.";
            return false;
        }

        if (trimmed.Length > MaximumLength)
        {
            error = $"The connection string is longer than {MaximumLength} characters.";
            return false;
        }

        // 1. The form.  2. Its parts.
        var parts = new ConnectionStringParts();
        error = SchemeOf(trimmed) is { } scheme ? ConnectionUri.Split(scheme, trimmed[(scheme.Length + 3)..], parts) : ConnectionList.Split(trimmed, parts);

        // 3. The keys.  4. The servers.
        var read = new RedisOptions();
        error ??= ApplyEntries(parts, read) ?? ApplyTls(parts, read) ?? ApplyServers(parts, read);
        options = error is null ? read : null;
        return error is null;
    }

    private static string? SchemeOf(string text)
    {
        var end = text.IndexOf("://", StringComparison.Ordinal);
        return end > 0 && text.AsSpan(0, end).IndexOfAnyExcept(SchemeCharacters) < 0 ? text[..end] : null;
    }

    private static string? ApplyEntries(ConnectionStringParts parts, RedisOptions options)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var afterSecret = false;
        foreach (var entry in parts.Entries)
        {
            if (!OptionTable.Keys.TryGetValue(entry.Key, out var option))
            {
                return UnknownKey.Describe(entry, afterSecret);
            }

            if (seen.TryGetValue(option.Name, out var earlier))
            {
                if (!IsPair(earlier, entry.Key))
                {
                    return $"The connection string sets {option.Name} twice ({earlier}, {entry.Key}): keep one.";
                }

                if (entry.Key.Equals(OptionTable.SyncTimeoutKey, StringComparison.OrdinalIgnoreCase))
                {
                    continue; // asyncTimeout was first, and wins
                }
            }

            seen[option.Name] = entry.Key;
            if (!option.Apply(options, entry.Value))
            {
                return $"The value of {entry.Key} in the connection string must be {option.Expected}.";
            }

            afterSecret = option.Name is nameof(RedisOptions.Password) or nameof(RedisOptions.SentinelPassword);
        }

        return null;
    }

    /// <summary>Settings made for a client with both kinds of calls have both time-outs; the one of asynchronous calls is ours.</summary>
    private static bool IsPair(string first, string second) =>
        (first.Equals(OptionTable.SyncTimeoutKey, StringComparison.OrdinalIgnoreCase) && second.Equals(OptionTable.AsyncTimeoutKey, StringComparison.OrdinalIgnoreCase))
        || (first.Equals(OptionTable.AsyncTimeoutKey, StringComparison.OrdinalIgnoreCase) && second.Equals(OptionTable.SyncTimeoutKey, StringComparison.OrdinalIgnoreCase));

    private static string? ApplyTls(ConnectionStringParts parts, RedisOptions options)
    {
        var said = parts.Entries
            .Where(static entry => OptionTable.Keys.TryGetValue(entry.Key, out var option) && option.Name == OptionTable.TlsKey)
            .Select(static entry => ConnectionValue.TryReadFlag(entry.Value, out var on) ? on : (bool?)null)
            .FirstOrDefault();
        if (parts.Tls && said == false)
        {
            return "The connection string begins with rediss and says that there is no TLS: remove one.";
        }

        if (parts.Tls || said == true)
        {
            options.Tls ??= new RedisTlsOptions();
            return null;
        }

        if (options.Tls is { HostName: null, CertificateAuthorityPath: null, CertificatePath: null, KeyPath: null })
        {
            options.Tls = null; // what is left was set to its default
        }

        return options.Tls is null ? null : "The connection string says how TLS is done, but not that it is used: begin with rediss or add ssl=true.";
    }

    private static string? ApplyServers(ConnectionStringParts parts, RedisOptions options)
    {
        if (parts.Topology is { } topology)
        {
            if (options.Topology != RedisTopology.Auto && options.Topology != topology)
            {
                return "The connection string's scheme and its key Topology contradict each other: remove one.";
            }

            options.Topology = topology;
        }
        else if (options.Topology == RedisTopology.Auto && options.SentinelServiceName is not null)
        {
            options.Topology = RedisTopology.Sentinel;
        }

        if (parts.Hosts.Count > RedisOptionsRules.MaximumEndpoints)
        {
            return $"The connection string names more than {RedisOptionsRules.MaximumEndpoints} servers: a few are enough, the others are found through them.";
        }

        var port = options.Topology == RedisTopology.Sentinel ? RedisEndpoint.DefaultSentinelPort : RedisEndpoint.DefaultPort;
        for (var index = 0; index < parts.Hosts.Count; index++)
        {
            if (!RedisEndpoint.TryParse(parts.Hosts[index], out var endpoint, port))
            {
                return $"Server {index + 1} of the connection string is not host or host:port with a port from 1 to 65535; "
                    + "IPv6 addresses are in brackets, and in the URI forms '/', '?', '#', '@' and ':' in a user or password are percent-encoded.";
            }

            options.Endpoints.Add(endpoint);
        }

        return options.Endpoints.Count > 0 ? null : $"The connection string names no server: {Forms}.";
    }
}
