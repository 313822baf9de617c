using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Servers;

public sealed class RedisServerTests(SharedRedis shared)
{
    private const int Limit = 60_000;

    [Fact(Timeout = Limit)]
    public async Task The_shared_server_answers_commands()
    {
        Assert.Equal("PONG", (await shared.CommandAsync(RedisServers.Resp3, "PING")).Text);
        Assert.Equal(shared.Server.Address, shared.AddressOf(RedisServers.Resp2));
        Assert.Contains("redis_version", await shared.Server.InfoAsync("server"));
        Assert.Equal(["1", "2"], (await shared.Server.CommandAsync("EVAL", "return {1, '2'}", "0")).Texts());
        await Assert.ThrowsAsync<RedisControlException>(() => shared.Server.CommandAsync("NO-SUCH-COMMAND"));
    }

    [Fact(Timeout = Limit)]
    public async Task Binary_values_come_back_byte_for_byte()
    {
        await using var control = await shared.Server.ConnectAsync();
        byte[] all = [.. Enumerable.Range(0, 100_000).Select(static i => (byte)i)];

        await control.SendAsync(["SET"u8.ToArray(), "servers:binary"u8.ToArray(), all]);

        Assert.Equal(all, (await control.SendAsync("GET", "servers:binary")).Bytes);
    }

    [Fact(Timeout = Limit)]
    public async Task A_password_is_asked_for()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Password = "a \"quoted\" \\ one" });

        Assert.Equal("PONG", (await server.CommandAsync("PING")).Text);
        await using var stranger = await RedisControl.ConnectAsync(server.Port);
        var refused = await Assert.ThrowsAsync<RedisControlException>(() => stranger.SendAsync("PING"));
        Assert.StartsWith("NOAUTH", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_user_of_its_own_turns_the_default_user_off()
    {
        await using var server = await RedisServer.StartAsync(
            new RedisServerSetup { User = "miller", Password = "p w", Arguments = ["--maxclients", "50"] });

        Assert.Equal("miller", (await server.CommandAsync("ACL", "WHOAMI")).Text);
        Assert.Equal("50", (await server.CommandAsync("CONFIG", "GET", "maxclients"))[1].Text);
        await Assert.ThrowsAsync<RedisControlException>(() => RedisControl.ConnectAsync(server.Port, password: "p w"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_paused_server_answers_nothing_until_it_goes_on()
    {
        await using var server = await RedisServer.StartAsync();
        await using var control = await server.ConnectAsync(TimeSpan.FromMilliseconds(300));

        await server.PauseAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => control.SendAsync("PING"));
        await server.ResumeAsync();

        Assert.Equal("PONG", (await server.CommandAsync("PING")).Text);
    }

    [Fact(Timeout = Limit)]
    public async Task A_killed_server_is_gone_and_starts_again_on_its_port_without_data()
    {
        await using var server = await RedisServer.StartAsync();
        await server.CommandAsync("SET", "key", "value");
        var (port, process) = (server.Port, server.ProcessId);

        await server.PauseAsync(); // even then
        await server.KillAsync();
        await Assert.ThrowsAsync<SocketException>(() => server.CommandAsync("PING"));
        await server.RestartAsync();

        Assert.Null((await server.CommandAsync("GET", "key")).Text);
        Assert.Equal(port, server.Port);
        Assert.NotEqual(process, server.ProcessId);
    }

    [Fact(Timeout = Limit)]
    public async Task Nothing_is_left_of_a_server_that_is_disposed()
    {
        var server = await RedisServer.StartAsync();
        var (folder, process) = (server.Folder, server.ProcessId);

        await server.DisposeAsync();

        Assert.False(Directory.Exists(folder));
        Assert.False(Directory.Exists($"/proc/{process}"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_that_cannot_start_says_why()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--no-such-setting", "1"] }));

        Assert.Contains("no-such-setting", failure.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Over_tls_the_server_s_certificate_is_the_authority_s()
    {
        using var certificates = TlsCertificates.Create();
        using var others = TlsCertificates.Create();
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Tls = certificates, Password = "secret" });

        Assert.Equal("PONG", (await server.CommandAsync("PING")).Text);
        await Assert.ThrowsAsync<AuthenticationException>(() => RedisControl.ConnectAsync(server.Port, certificates: others));
    }

    [Fact(Timeout = Limit)]
    public async Task A_tls_server_refuses_a_client_without_its_authority_s_certificate()
    {
        using var certificates = TlsCertificates.Create("redis.example", "127.0.0.1");
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Tls = certificates, TlsClientCertificates = true });
        Assert.Equal("PONG", (await server.CommandAsync("PING")).Text);

        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", server.Port);
        await using var stranger = new SslStream(
            socket.GetStream(), leaveInnerStreamOpen: false, static (_, certificate, _, _) => certificate?.Subject == "CN=Millrace test server");

        // With TLS 1.3 the refusal arrives after the client's own handshake has ended.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await stranger.AuthenticateAsClientAsync("redis.example");
            await stranger.WriteAsync("PING\r\n"u8.ToArray());
            Assert.Equal(0, await stranger.ReadAsync(new byte[16]));
            throw new EndOfStreamException();
        });
    }

    [Fact]
    public void The_server_s_certificate_is_for_the_names_asked_for()
    {
        using var usual = TlsCertificates.Create();
        using var other = TlsCertificates.Create("redis.example");
        using var usualServer = X509CertificateLoader.LoadCertificateFromFile(usual.ServerCertificateFile);
        using var otherServer = X509CertificateLoader.LoadCertificateFromFile(other.ServerCertificateFile);

        Assert.True(usualServer.MatchesHostname("localhost") && usualServer.MatchesHostname("127.0.0.1"));
        Assert.True(otherServer.MatchesHostname("redis.example") && !otherServer.MatchesHostname("localhost"));
        Assert.True(usual.Client.HasPrivateKey && !usual.Authority.HasPrivateKey);
        Assert.True(File.Exists(usual.ClientCertificateFile) && File.Exists(usual.ClientKeyFile));
    }
}
