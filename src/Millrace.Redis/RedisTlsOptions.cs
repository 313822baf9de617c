using System.Security.Cryptography.X509Certificates;

namespace Millrace.Redis;

/// <summary>
/// How a connection is encrypted. The server's certificate is always checked: by the system's authorities or by the one given here, and by the
/// host's name. There is no switch that accepts any certificate: name the authority of a self-signed one instead.
/// </summary>
public sealed class RedisTlsOptions
{
    /// <summary>
    /// The name that the server's certificate must carry, also sent as SNI. Null, the default: the host of the endpoint, which is right unless
    /// servers are reached by addresses or through a tunnel.
    /// </summary>
    public string? HostName { get; set; }

    /// <summary>
    /// A PEM file with one or more authorities. Where given, only certificates that they signed are trusted, and not the system's authorities.
    /// Null, the default: the system's.
    /// </summary>
    public string? CertificateAuthorityPath { get; set; }

    /// <summary>A PEM file with the client's certificate, for servers that ask for one. Null, the default: none.</summary>
    public string? CertificatePath { get; set; }

    /// <summary>
    /// The PEM file with the key of <see cref="CertificatePath"/>, not encrypted. Null, the default: the key is in the same file as the certificate.
    /// </summary>
    public string? KeyPath { get; set; }

    /// <summary>Whether the servers' certificates are checked for revocation online, which asks their authority at each connect. Default false.</summary>
    public bool CheckRevocation { get; set; }

    /// <summary>
    /// The client's certificate with its key, in code only, instead of <see cref="CertificatePath"/>. The client does not dispose of it.
    /// Null, the default: none.
    /// </summary>
    public X509Certificate2? ClientCertificate { get; set; }

    /// <summary>
    /// The only trusted authority, in code only, instead of <see cref="CertificateAuthorityPath"/>. The client does not dispose of it.
    /// Null, the default: the system's authorities.
    /// </summary>
    public X509Certificate2? CertificateAuthority { get; set; }

    internal RedisTlsOptions Clone() => (RedisTlsOptions)MemberwiseClone();
}
