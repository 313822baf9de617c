using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Millrace.Redis.Connection;

/// <summary>TLS over TCP. The server's certificate is always checked, its host name included.</summary>
internal sealed class TlsTransport : Transport
{
    private readonly SslStream _stream;
    private readonly Socket _socket;

    private TlsTransport(Socket socket, SslStream stream)
    {
        _socket = socket;
        _stream = stream;
    }

    /// <summary>Encrypts a connection that has just been opened. Blocks until that is done.</summary>
    /// <exception cref="AuthenticationException">A certificate was refused.</exception>
    public static TlsTransport Open(Socket socket, string host, RedisTlsOptions tls)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            stream.AuthenticateAsClient(Authentication(host, tls));
            return new TlsTransport(socket, stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public override int Receive(Span<byte> destination) => _stream.Read(destination);

    public override void Send(ReadOnlySpan<byte> bytes) => _stream.Write(bytes);

    public override void Close() => _socket.Dispose();

    private static SslClientAuthenticationOptions Authentication(string host, RedisTlsOptions tls)
    {
        var authentication = new SslClientAuthenticationOptions
        {
            TargetHost = tls.HostName ?? host,
            CertificateRevocationCheckMode = tls.CheckRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
        };
        if (Authorities(tls) is { Count: > 0 } authorities)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = authentication.CertificateRevocationCheckMode,
            };
            policy.CustomTrustStore.AddRange(authorities);
            authentication.CertificateChainPolicy = policy;
        }

        var certificate = tls.ClientCertificate
            ?? (tls.CertificatePath is { } certificatePath ? X509Certificate2.CreateFromPemFile(certificatePath, tls.KeyPath) : null);
        if (certificate is not null)
        {
            authentication.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        }

        return authentication;
    }

    private static X509Certificate2Collection Authorities(RedisTlsOptions tls)
    {
        var authorities = new X509Certificate2Collection();
        if (tls.CertificateAuthority is { } authority)
        {
            authorities.Add(authority);
        }
        else if (tls.CertificateAuthorityPath is { } path)
        {
            authorities.ImportFromPemFile(path);
            if (authorities.Count == 0)
            {
                throw new AuthenticationException($"{path} holds no certificate as PEM (CertificateAuthorityPath).");
            }
        }

        return authorities;
    }
}
