using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using Millrace.Redis.Configuration;

namespace Millrace.Redis;

/// <summary>
/// How a client reaches its servers and what it may use. Bound from the section <c>Millrace:Redis</c>, or read from a connection string with
/// <see cref="Parse"/>; checked when the host starts and when a client is made, which works on a copy: later changes do not reach it.
/// Not for changing from several threads.
/// </summary>
public sealed class RedisOptions
{
    /// <summary>
    /// A connection string in a form that <see cref="Parse"/> reads, for configuration. What it says holds unless an option beside it was
    /// changed from its default. It and <see cref="Endpoints"/> exclude each other. Null, the default: there is none. Carries secrets.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// The servers: the one, the Sentinels, or some nodes of the cluster; tried in order until one answers. From 1 to 64, in configuration as
    /// <c>host:port</c>.
    /// </summary>
    public IList<RedisEndpoint> Endpoints { get; private set; } = [];

    /// <summary>How the servers belong together. Default <see cref="RedisTopology.Auto"/>.</summary>
    public RedisTopology Topology { get; set; }

    /// <summary>
    /// The user of the server's access lists, at most 1,024 characters. Null, the default: <c>default</c>, whom the password alone names.
    /// Needs <see cref="Password"/>.
    /// </summary>
    public string? User { get; set; }

    /// <summary>The password, at most 8,192 characters. Null or empty, the default: the client does not sign in. A secret.</summary>
    public string? Password { get; set; }

    /// <summary>The number of the database, from 0; always 0 on a cluster. Default 0.</summary>
    public int Database { get; set; }

    /// <summary>
    /// The name of the connections in <c>CLIENT LIST</c>: printable ASCII without spaces, at most 128 characters. Null, the default: they have none.
    /// </summary>
    public string? ClientName { get; set; }

    /// <summary>How connections are encrypted, to Sentinels too. Null, the default: they are plain text.</summary>
    public RedisTlsOptions? Tls { get; set; }

    /// <summary>The version of the protocol. Default <see cref="RedisProtocol.Auto"/>: RESP3 where the server knows it.</summary>
    public RedisProtocol Protocol { get; set; }

    /// <summary>The longest that connecting, TLS and signing in may take together. From 1 ms to 10 min; default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest that a command may take, waiting for its turn included; a blocking command's own time-out is added. From 1 ms to 1 h; default 5 s.
    /// </summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a dedicated connection may be unused before it is closed. From 1 s to 1 day; default 5 min.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a connection may be silent before it is asked with <c>PING</c>; with no answer within the same time it is ended. Zero: never;
    /// otherwise from 10 ms to 1 h. Default 10 s.
    /// </summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The multiplexed connections to each server. From 1 to 64, or 0, the default: one for every four processors, at least 1 and at most 4.
    /// </summary>
    public int ConnectionsPerServer { get; set; }

    /// <summary>
    /// The dedicated connections to each server that blocking commands, transactions and subscriptions may have open at once; beyond it they
    /// wait for one. From 1 to 10,000; default 32.
    /// </summary>
    public int MaximumDedicatedConnections { get; set; } = 32;

    /// <summary>
    /// The commands of one connection that are being sent or not answered yet; beyond it callers wait. From 1 to 1,048,576; default 16,384.
    /// </summary>
    public int MaximumInFlight { get; set; } = 16_384;

    /// <summary>
    /// The callers that may wait for their turn on one connection; beyond it a command is refused at once. From 0 to 16,777,216; default 65,536.
    /// </summary>
    public int MaximumWaiting { get; set; } = 65_536;

    /// <summary>The channels and patterns that the client may be subscribed to at once, each counted once. From 1 to 1,048,576; default 65,536.</summary>
    public int MaximumChannels { get; set; } = 65_536;

    /// <summary>The bytes of one reply; a server that sends more loses its connection. From 1 KiB to 2,147,483,591; default 512 MiB.</summary>
    public int MaximumReplyBytes { get; set; } = 512 * 1024 * 1024;

    /// <summary>
    /// The elements of one reply, nested ones included; a server that sends more loses its connection. From 1,024 to 268,435,456; default 16,777,216.
    /// </summary>
    public int MaximumReplyElements { get; set; } = 16 * 1024 * 1024;

    /// <summary>How deep the elements of one reply may be nested; a server that nests deeper loses its connection. From 4 to 128; default 32.</summary>
    public int MaximumReplyDepth { get; set; } = 32;

    /// <summary>
    /// The upper end of the first wait before a lost connection is made anew; it doubles with each failure, and the wait is a random part of it.
    /// From 1 ms to 1 min; default 50 ms.
    /// </summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Where that doubling ends. From <see cref="ReconnectDelay"/> to 10 min; default 5 s.</summary>
    public TimeSpan MaximumReconnectDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether a command that only reads is sent again, at most three times, when its connection was lost before the reply. Commands that may
    /// write never are.
    /// Default false.
    /// </summary>
    public bool RetryReads { get; set; }

    /// <summary>
    /// Which servers commands that only read go to; other than <see cref="RedisReadFrom.Primary"/>, the default, with Sentinel or Cluster only.
    /// </summary>
    public RedisReadFrom ReadFrom { get; set; }

    /// <summary>The name under which the Sentinels watch the primary, at most 1,024 characters. Null, the default: the endpoints are no Sentinels.</summary>
    public string? SentinelServiceName { get; set; }

    /// <summary>
    /// The user at the Sentinels, at most 1,024 characters. Null, the default: their <c>default</c>. Needs <see cref="SentinelPassword"/>;
    /// <see cref="User"/> is not used there.
    /// </summary>
    public string? SentinelUser { get; set; }

    /// <summary>
    /// The password at the Sentinels, at most 8,192 characters. Null or empty, the default: the client does not sign in there, and does not
    /// show them <see cref="Password"/>. A secret.
    /// </summary>
    public string? SentinelPassword { get; set; }

    /// <summary>
    /// Whether connecting fails where no server can be reached. False: the client starts without, tries on in the background, and commands fail
    /// meanwhile. Default true.
    /// </summary>
    public bool AbortOnConnectFailure { get; set; } = true;

    /// <summary>What the servers tell about changed keys. Null, the default: nothing.</summary>
    public RedisTrackingOptions? Tracking { get; set; }

    /// <summary>
    /// Reads a connection string: <c>redis://[user[:password]@]host[:port][/database][?key=value&amp;…]</c>, <c>rediss://</c> with TLS,
    /// <c>redis+sentinel://host,host/serviceName[/database]</c>, <c>redis+cluster://host,host</c> (and <c>rediss+…</c>), or the form
    /// <c>host:port,host:port,key=value,…</c>. Keys are the names of the options, whatever their case; durations are milliseconds or carry
    /// <c>ms</c>, <c>s</c>, <c>m</c> or <c>h</c>. User and password are percent-encoded in the URI forms; in the other a comma cannot be part
    /// of a value.
    /// </summary>
    /// <param name="connectionString">The string, at most 8,192 characters.</param>
    /// <returns>Options with what the string says and the defaults of the rest.</returns>
    /// <exception cref="ArgumentNullException">The string is null.</exception>
    /// <exception cref="FormatException">The string cannot be read, or its options do not fit: the message names each fault and carries no secret.</exception>
    public static RedisOptions Parse(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        return TryParse(connectionString, out var options, out var error) ? options : throw new FormatException(error);
    }

    /// <summary>As <see cref="Parse"/>, without an exception.</summary>
    /// <param name="connectionString">The string; null cannot be read.</param>
    /// <param name="options">The options, or null.</param>
    /// <param name="error">What is wrong, or null. It carries no secret.</param>
    /// <returns>Whether the string was read.</returns>
    public static bool TryParse(string? connectionString, [NotNullWhen(true)] out RedisOptions? options, [NotNullWhen(false)] out string? error) =>
        ConnectionStringReader.TryRead(connectionString, out options, out error);

    /// <summary>The options as a connection string, with <c>***</c> for passwords and without what can be set in code only.</summary>
    public override string ToString() => ConnectionStringWriter.Write(this);

    /// <summary>Everything that is wrong with the options, each with the option's name, its range and the remedy; empty when they are right.</summary>
    internal IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        RedisOptionsRules.Resolve(this, errors);
        return errors;
    }

    /// <summary>
    /// The copy a client works on: <see cref="ConnectionString"/> read, <see cref="Topology"/> Sentinel where a service is named.
    /// </summary>
    /// <exception cref="OptionsValidationException">The options are wrong; the message names every fault.</exception>
    internal RedisOptions Freeze()
    {
        var errors = new List<string>();
        var resolved = RedisOptionsRules.Resolve(this, errors);
        return errors.Count == 0 ? resolved : throw new OptionsValidationException(Microsoft.Extensions.Options.Options.DefaultName, typeof(RedisOptions), errors);
    }

    /// <summary>A copy that can be changed without changing these.</summary>
    public RedisOptions Clone()
    {
        var clone = (RedisOptions)MemberwiseClone();
        clone.Endpoints = [.. Endpoints];
        clone.Tls = Tls?.Clone();
        clone.Tracking = Tracking?.Clone();
        return clone;
    }
}
