using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Millrace.TestKit.Redis;

/// <summary>An authority, a server's certificate and a client's certificate, made for one test and written as PEM files.</summary>
public sealed class TlsCertificates : IDisposable
{
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1"; // RFC 5280, extended key usage
    private const string ClientPurpose = "1.3.6.1.5.5.7.3.2";
    private readonly X509Certificate2 _server;

    private TlsCertificates(string folder, X509Certificate2 authority, X509Certificate2 server, X509Certificate2 client)
    {
        Folder = folder;
        Authority = authority;
        _server = server;
        Client = client;
    }

    /// <summary>Holds the files; removed at the end.</summary>
    public string Folder { get; }

    /// <summary>The authority, without its private key.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>The client's certificate with its private key.</summary>
    public X509Certificate2 Client { get; }

    /// <summary>The authority's certificate as PEM.</summary>
    public string AuthorityFile => Path.Combine(Folder, "authority.crt");

    /// <summary>The server's certificate as PEM.</summary>
    public string ServerCertificateFile => Path.Combine(Folder, "server.crt");

    /// <summary>The server's private key as PEM.</summary>
    public string ServerKeyFile => Path.Combine(Folder, "server.key");

    /// <summary>The client's certificate as PEM.</summary>
    public string ClientCertificateFile => Path.Combine(Folder, "client.crt");

    /// <summary>The client's private key as PEM.</summary>
    public string ClientKeyFile => Path.Combine(Folder, "client.key");

    /// <summary>Makes all of them, valid from an hour ago for two days.</summary>
    /// <param name="serverNames">What the server's certificate is for; none: localhost, 127.0.0.1 and ::1.</param>
    public static TlsCertificates Create(params string[] serverNames)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Millrace test authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var authority = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(2));

        string[] names = serverNames is [] ? ["localhost", "127.0.0.1", "::1"] : serverNames;
        var server = Issue(authority, "CN=Millrace test server", ServerPurpose, names);
        var client = Issue(authority, "CN=Millrace test client", ClientPurpose, []);
        var certificates = new TlsCertificates(
            Directory.CreateTempSubdirectory("millrace-tls-").FullName, X509CertificateLoader.LoadCertificate(authority.RawData), server, client);
        certificates.Write();
        return certificates;
    }

    /// <summary>Removes the files.</summary>
    public void Dispose()
    {
        Authority.Dispose();
        _server.Dispose();
        Client.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string subject, string purpose, IEnumerable<string> names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false)); // tells authorities of one name apart
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternatives.AddIpAddress(address);
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        if (names.Any())
        {
            request.CertificateExtensions.Add(alternatives.Build());
        }

        using var certificate = request.Create(
            authority, new DateTimeOffset(authority.NotBefore), new DateTimeOffset(authority.NotAfter), RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(key);
    }

    private void Write()
    {
        File.WriteAllText(AuthorityFile, Authority.ExportCertificatePem());
        Write(_server, ServerCertificateFile, ServerKeyFile);
        Write(Client, ClientCertificateFile, ClientKeyFile);
    }

    private static void Write(X509Certificate2 certificate, string certificateFile, string keyFile)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
