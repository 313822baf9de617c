using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Connection;

public sealed class TlsTests
{
    [Theory(Timeout = TestOptions.Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_whose_authority_is_named_is_trusted(bool byFile)
    {
        using var certificates = TlsCertificates.Create();
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Tls = certificates, Password = "secret" });
        await using var client = await TestOptions.ConnectAsync($"localhost:{server.Port},password=secret", options => options.Tls = byFile
            ? new RedisTlsOptions { CertificateAuthorityPath = certificates.AuthorityFile }
            : new RedisTlsOptions { CertificateAuthority = certificates.Authority });
        var value = new byte[3_000_000];
        new Random(1).NextBytes(value);

        await client.SetAsync("a", value);

        Assert.Equal(value, await client.GetAsync("a"));
        Assert.Equal(Enumerable.Range(1, 2_000).Select(static n => (long)n), await Task.WhenAll(Enumerable.Range(0, 2_000).Select(_ => client.IncrAsync("n").AsTask())));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Every_authority_of_a_file_is_trusted()
    {
        using var others = TlsCertificates.Create();
        using var certificates = TlsCertificates.Create();
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Tls = certificates });
        var both = Path.Combine(certificates.Folder, "both.crt");
        await File.WriteAllTextAsync(both, $"{await File.ReadAllTextAsync(others.AuthorityFile)}\n{await File.ReadAllTextAsync(certificates.AuthorityFile)}\n");

        await using var client = await TestOptions.ConnectAsync($"localhost:{server.Port}", options => options.Tls = new RedisTlsOptions { CertificateAuthorityPath = both });

        Assert.True(await client.SetAsync("a", "1"));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_that_asks_for_a_certificate_gets_it()
    {
        using var certificates = TlsCertificates.Create();
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Tls = certificates, TlsClientCertificates = true });
        var trust = new RedisTlsOptions { CertificateAuthority = certificates.Authority };

        await Assert.ThrowsAsync<RedisConnectionException>(() => TestOptions.ConnectAsync($"localhost:{server.Port}", options => options.Tls = trust));
        trust.ClientCertificate = certificates.Client;
        await using var first = await TestOptions.ConnectAsync($"localhost:{server.Port}", options => options.Tls = trust);
        (trust.ClientCertificate, trust.CertificatePath, trust.KeyPath) = (null, certificates.ClientCertificateFile, certificates.ClientKeyFile);
        await using var second = await TestOptions.ConnectAsync($"localhost:{server.Port}", options => options.Tls = trust);

        Assert.True(await first.SetAsync("a", "1"));
        Assert.Equal("1", await second.GetStringAsync("a"));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_of_another_name_is_refused_unless_that_name_is_expected()
    {
        using var certificates = TlsCertificates.Create("redis.example");
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Tls = certificates });
        var tls = new RedisTlsOptions { CertificateAuthority = certificates.Authority };

        var error = await Assert.ThrowsAsync<RedisConnectionException>(() => TestOptions.ConnectAsync($"localhost:{server.Port}", options => options.Tls = tls));

        Assert.Contains("RemoteCertificateNameMismatch", error.Message, StringComparison.Ordinal);
        tls.HostName = "redis.example";
        await using var client = await TestOptions.ConnectAsync($"localhost:{server.Port}", options => options.Tls = tls);
        Assert.True(await client.SetAsync("a", "1"));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_of_an_unknown_authority_is_refused()
    {
        using var others = TlsCertificates.Create();
        using var certificates = TlsCertificates.Create();
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Tls = certificates });

        foreach (var tls in new[] { new RedisTlsOptions(), new RedisTlsOptions { CertificateAuthority = others.Authority } })
        {
            var error = await Assert.ThrowsAsync<RedisConnectionException>(() => TestOptions.ConnectAsync($"localhost:{server.Port}", options => options.Tls = tls));
            Assert.Contains("could not be reached", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_without_tls_is_not_spoken_to()
    {
        await using var fake = FakeRedis.Start();

        await Assert.ThrowsAsync<RedisConnectionException>(() => TestOptions.ConnectAsync(fake.Address, static options => options.Tls = new RedisTlsOptions()));

        Assert.DoesNotContain(fake.Connections.SelectMany(static connection => connection.Commands), static command => FakeConnection.Is(command, "HELLO"));
    }
}
