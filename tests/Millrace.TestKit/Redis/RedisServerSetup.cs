namespace Millrace.TestKit.Redis;

/// <summary>
/// What a <see cref="RedisServer" /> is started with, beyond what all of them have: loopback only, nothing on disk, DEBUG allowed.
/// </summary>
public sealed record RedisServerSetup
{
    /// <summary>Further arguments of the program, such as "--maxmemory", "100mb".</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Null: no password. Without <see cref="User" /> it is the default user's.</summary>
    public string? Password { get; init; }

    /// <summary>Not null: the only user that may sign in, with <see cref="Password" /> and all rights; the default user is off.</summary>
    public string? User { get; init; }

    /// <summary>Not null: the port speaks TLS only.</summary>
    public TlsCertificates? Tls { get; init; }

    /// <summary>Whether a client needs a certificate of <see cref="Tls" />.</summary>
    public bool TlsClientCertificates { get; init; }

    /// <summary>Not null: the primary that this server copies, with the same user and password.</summary>
    public int? ReplicaOf { get; init; }

    /// <summary>Lines of a Sentinel's configuration; null starts a server that keeps data.</summary>
    internal IReadOnlyList<string>? Sentinel { get; init; }

    internal IEnumerable<string> Configuration(int port, string folder)
    {
        yield return "bind 127.0.0.1";
        yield return "protected-mode no";
        yield return "daemonize no";
        yield return $"dir {Quoted(folder)}";
        yield return Tls is null ? $"port {port}" : "port 0";
        foreach (var line in TlsLines(port).Concat(Sentinel ?? DataLines()))
        {
            yield return line;
        }

        if (Password is not null && User is null)
        {
            yield return $"requirepass {Quoted(Password)}";
        }
        else if (User is not null)
        {
            yield return "user default off";
            yield return $"user {User} on {(Password is null ? "nopass" : '#' + Sha256(Password))} ~* &* +@all";
        }
    }

    private IEnumerable<string> TlsLines(int port) => Tls is null
        ? []
        :
        [
            $"tls-port {port}",
            $"tls-ca-cert-file {Quoted(Tls.AuthorityFile)}",
            $"tls-cert-file {Quoted(Tls.ServerCertificateFile)}",
            $"tls-key-file {Quoted(Tls.ServerKeyFile)}",
            $"tls-auth-clients {(TlsClientCertificates ? "yes" : "no")}",
        ];

    private IEnumerable<string> DataLines()
    {
        yield return "save \"\"";
        yield return "appendonly no";
        yield return "enable-debug-command yes";
        yield return "repl-diskless-sync no"; // a replica is copied at once, and "online" says that writes flow: diskless, they wait up to 1 s more
        if (ReplicaOf is { } primary)
        {
            yield return $"replicaof 127.0.0.1 {primary}";
        }

        if (Password is not null)
        {
            yield return $"masterauth {Quoted(Password)}";
        }

        if (User is not null)
        {
            yield return $"masteruser {User}";
        }
    }

    internal static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string Sha256(string text) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
}
