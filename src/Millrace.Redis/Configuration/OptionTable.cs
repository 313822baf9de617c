namespace Millrace.Redis.Configuration;

/// <summary>
/// The keys of connection strings: one table for all forms. A key is its option's name, or what the standard .NET client and others call it;
/// upper and lower case are the same.
/// </summary>
internal static class OptionTable
{
    public const string TlsKey = "Tls";
    public const string SyncTimeoutKey = "syncTimeout";
    public const string AsyncTimeoutKey = "asyncTimeout";

    private static readonly RedisOptions Defaults = new();
    private static readonly RedisTlsOptions TlsDefaults = new();

    public static IReadOnlyList<ConnectionOption> Options { get; } =
    [
        Text(nameof(RedisOptions.User), ["username"], static o => o.User, static (o, v) => o.User = v),
        Text(nameof(RedisOptions.Password), ["pass"], static o => o.Password, static (o, v) => o.Password = v),
        Number(nameof(RedisOptions.Database), ["defaultDatabase", "db"], static o => o.Database, static (o, v) => o.Database = v),
        Text(nameof(RedisOptions.ClientName), ["name"], static o => o.ClientName, static (o, v) => o.ClientName = v),
        Name(nameof(RedisOptions.Topology), [], static o => o.Topology, static (o, v) => o.Topology = v),
        new(nameof(RedisOptions.Protocol), [], "auto, resp2, 2, resp3 or 3", ApplyProtocol, static o => o.Protocol == Defaults.Protocol ? null : ConnectionValue.WriteName(o.Protocol)),
        Duration(nameof(RedisOptions.ConnectTimeout), [], static o => o.ConnectTimeout, static (o, v) => o.ConnectTimeout = v),
        Duration(nameof(RedisOptions.CommandTimeout), [AsyncTimeoutKey, SyncTimeoutKey], static o => o.CommandTimeout, static (o, v) => o.CommandTimeout = v),
        Duration(nameof(RedisOptions.IdleTimeout), [], static o => o.IdleTimeout, static (o, v) => o.IdleTimeout = v),
        Duration(nameof(RedisOptions.PingInterval), [], static o => o.PingInterval, static (o, v) => o.PingInterval = v),
        Number(nameof(RedisOptions.ConnectionsPerServer), [], static o => o.ConnectionsPerServer, static (o, v) => o.ConnectionsPerServer = v),
        Number(nameof(RedisOptions.MaximumDedicatedConnections), [], static o => o.MaximumDedicatedConnections, static (o, v) => o.MaximumDedicatedConnections = v),
        Number(nameof(RedisOptions.MaximumInFlight), [], static o => o.MaximumInFlight, static (o, v) => o.MaximumInFlight = v),
        Number(nameof(RedisOptions.MaximumWaiting), [], static o => o.MaximumWaiting, static (o, v) => o.MaximumWaiting = v),
        Number(nameof(RedisOptions.MaximumChannels), [], static o => o.MaximumChannels, static (o, v) => o.MaximumChannels = v),
        Number(nameof(RedisOptions.MaximumReplyBytes), [], static o => o.MaximumReplyBytes, static (o, v) => o.MaximumReplyBytes = v),
        Number(nameof(RedisOptions.MaximumReplyElements), [], static o => o.MaximumReplyElements, static (o, v) => o.MaximumReplyElements = v),
        Number(nameof(RedisOptions.MaximumReplyDepth), [], static o => o.MaximumReplyDepth, static (o, v) => o.MaximumReplyDepth = v),
        Duration(nameof(RedisOptions.ReconnectDelay), [], static o => o.ReconnectDelay, static (o, v) => o.ReconnectDelay = v),
        Duration(nameof(RedisOptions.MaximumReconnectDelay), [], static o => o.MaximumReconnectDelay, static (o, v) => o.MaximumReconnectDelay = v),
        Flag(nameof(RedisOptions.RetryReads), [], static o => o.RetryReads, static (o, v) => o.RetryReads = v),
        Name(nameof(RedisOptions.ReadFrom), [], static o => o.ReadFrom, static (o, v) => o.ReadFrom = v),
        Text(nameof(RedisOptions.SentinelServiceName), ["serviceName"], static o => o.SentinelServiceName, static (o, v) => o.SentinelServiceName = v),
        Text(nameof(RedisOptions.SentinelUser), [], static o => o.SentinelUser, static (o, v) => o.SentinelUser = v),
        Text(nameof(RedisOptions.SentinelPassword), [], static o => o.SentinelPassword, static (o, v) => o.SentinelPassword = v),
        Flag(nameof(RedisOptions.AbortOnConnectFailure), ["abortConnect"], static o => o.AbortOnConnectFailure, static (o, v) => o.AbortOnConnectFailure = v),
        new(TlsKey, ["ssl"], "true or false", ApplyTls, static o => o.Tls is null ? null : "true"),
        Text("TlsHostName", ["sslHost"], static o => o.Tls?.HostName, static (o, v) => TlsOf(o).HostName = v),
        Text("TlsCertificateAuthorityPath", ["sslCertificateAuthority"], static o => o.Tls?.CertificateAuthorityPath, static (o, v) => TlsOf(o).CertificateAuthorityPath = v),
        Text("TlsCertificatePath", [], static o => o.Tls?.CertificatePath, static (o, v) => TlsOf(o).CertificatePath = v),
        Text("TlsKeyPath", [], static o => o.Tls?.KeyPath, static (o, v) => TlsOf(o).KeyPath = v),
        Flag("TlsCheckRevocation", ["checkCertificateRevocation"], static o => (o.Tls ?? TlsDefaults).CheckRevocation, static (o, v) => TlsOf(o).CheckRevocation = v),
    ];

    /// <summary>Each key in any case, to its option. <c>keepAlive</c> counts in seconds and so has a reader of its own.</summary>
    public static IReadOnlyDictionary<string, ConnectionOption> Keys { get; } = IndexKeys();

    /// <summary>Keys of the standard .NET client that mean nothing here, each with the remedy. None is ignored in silence.</summary>
    public static IReadOnlyDictionary<string, string> Unsupported { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["allowAdmin"] = "the server's access lists decide what a user may do: remove it",
        ["channelPrefix"] = "channels are named in full: remove it and put the prefix into the names",
        ["configChannel"] = "there is no configuration channel: remove it",
        ["configCheckSeconds"] = "changes of a topology are followed as they happen: remove it",
        ["connectRetry"] = "reconnecting has no count: remove it, and see ReconnectDelay, MaximumReconnectDelay and abortConnect",
        ["defaultVersion"] = "the server tells its version: remove it",
        ["highIntegrity"] = "replies are matched by their order and a connection that breaks it is ended: remove it",
        ["highPrioritySocketThreads"] = "there are no threads of its own: remove it",
        ["loggingName"] = "logging comes from the host: remove it",
        ["preserveAsyncOrder"] = "pushes always come in order: remove it",
        ["proxy"] = "twemproxy and envoy are not supported: connect to the servers, and remove it",
        ["resolveDns"] = "names are resolved at each connect: remove it",
        ["responseTimeout"] = "use CommandTimeout",
        ["setlib"] = "remove it, and see ClientName",
        ["sslProtocols"] = "the operating system chooses among TLS 1.2 and 1.3: remove it",
        ["tieBreaker"] = "use redis+sentinel:// or redis+cluster:// for several servers, and remove it",
        ["tunnel"] = "tunnels are not supported: remove it",
        ["version"] = "the server tells its version: remove it",
        ["writeBuffer"] = "buffers grow with use: remove it",
    };

    private static RedisTlsOptions TlsOf(RedisOptions options) => options.Tls ??= new RedisTlsOptions();

    private static Dictionary<string, ConnectionOption> IndexKeys()
    {
        var keys = new Dictionary<string, ConnectionOption>(StringComparer.OrdinalIgnoreCase);
        foreach (var option in Options)
        {
            keys.Add(option.Name, option);
            foreach (var alias in option.Aliases)
            {
                keys.Add(alias, option);
            }
        }

        var seconds = keys[nameof(RedisOptions.PingInterval)] with { Expected = "a number of seconds, or a number with ms, s, m or h", Apply = ApplyKeepAlive };
        keys.Add("keepAlive", seconds);
        return keys;
    }

    private static bool ApplyProtocol(RedisOptions options, string text)
    {
        if (!ConnectionValue.TryReadName<RedisProtocol>(text is "2" or "3" ? "resp" + text : text, out var protocol))
        {
            return false;
        }

        options.Protocol = protocol;
        return true;
    }

    /// <summary>False is looked at once everything is read: it must not contradict the scheme or the other keys of TLS.</summary>
    private static bool ApplyTls(RedisOptions options, string text)
    {
        if (!ConnectionValue.TryReadFlag(text, out var on))
        {
            return false;
        }

        if (on)
        {
            TlsOf(options);
        }

        return true;
    }

    private static bool ApplyKeepAlive(RedisOptions options, string text)
    {
        if (!ConnectionValue.TryReadDuration(text, plainMilliseconds: 1_000, out var interval))
        {
            return false;
        }

        options.PingInterval = interval;
        return true;
    }

    /// <summary>An empty text is none: settings often hold a key whose value is filled in elsewhere.</summary>
    private static ConnectionOption Text(string name, string[] aliases, Func<RedisOptions, string?> get, Action<RedisOptions, string?> set) =>
        new(name, aliases, "text", (options, text) =>
        {
            set(options, text.Length == 0 ? null : text);
            return true;
        }, options => string.IsNullOrEmpty(get(options)) ? null : get(options));

    private static ConnectionOption Number(string name, string[] aliases, Func<RedisOptions, int> get, Action<RedisOptions, int> set) =>
        new(name, aliases, "a whole number", (options, text) =>
        {
            if (!ConnectionValue.TryReadNumber(text, out var value))
            {
                return false;
            }

            set(options, value);
            return true;
        }, options => get(options) == get(Defaults) ? null : ConnectionValue.WriteNumber(get(options)));

    private static ConnectionOption Duration(string name, string[] aliases, Func<RedisOptions, TimeSpan> get, Action<RedisOptions, TimeSpan> set) =>
        new(name, aliases, "a number of milliseconds, or a number with ms, s, m or h", (options, text) =>
        {
            if (!ConnectionValue.TryReadDuration(text, plainMilliseconds: 1, out var value))
            {
                return false;
            }

            set(options, value);
            return true;
        }, options => get(options) == get(Defaults) ? null : ConnectionValue.WriteDuration(get(options)));

    private static ConnectionOption Flag(string name, string[] aliases, Func<RedisOptions, bool> get, Action<RedisOptions, bool> set) =>
        new(name, aliases, "true or false", (options, text) =>
        {
            if (!ConnectionValue.TryReadFlag(text, out var value))
            {
                return false;
            }

            set(options, value);
            return true;
        }, options => get(options) == get(Defaults) ? null : ConnectionValue.WriteFlag(get(options)));

    private static ConnectionOption Name<T>(string name, string[] aliases, Func<RedisOptions, T> get, Action<RedisOptions, T> set)
        where T : struct, Enum =>
        new(name, aliases, string.Join(", ", Enum.GetValues<T>().Select(ConnectionValue.WriteName)), (options, text) =>
        {
            if (!ConnectionValue.TryReadName<T>(text, out var value))
            {
                return false;
            }

            set(options, value);
            return true;
        }, options => EqualityComparer<T>.Default.Equals(get(options), get(Defaults)) ? null : ConnectionValue.WriteName(get(options)));
}
