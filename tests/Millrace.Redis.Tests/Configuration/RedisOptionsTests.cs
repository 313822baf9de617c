using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Millrace.Redis.Configuration;

namespace Millrace.Redis.Tests.Configuration;

public sealed class RedisOptionsTests
{
    [Fact]
    public void Options_bind_from_configuration()
    {
        var options = Bind(new()
        {
            ["Endpoints:0"] = "a:7000",
            ["Endpoints:1"] = "[::1]",
            ["Topology"] = "Cluster",
            ["CommandTimeout"] = "00:00:02",
            ["Tls:HostName"] = "cache.internal",
            ["Tracking:Broadcast"] = "true",
            ["Tracking:Prefixes:0"] = "user:",
        });

        Assert.Equal([new("a", 7000), new RedisEndpoint("::1", 6379)], options.Endpoints);
        Assert.Equal((RedisTopology.Cluster, TimeSpan.FromSeconds(2)), (options.Topology, options.CommandTimeout));
        Assert.Equal("cache.internal", options.Tls?.HostName);
        Assert.Equal(["user:"], options.Tracking?.Prefixes);
        Assert.Empty(options.Validate());
    }

    [Theory]
    [InlineData("Endpoints:0", "a:70000")]
    [InlineData("Endpoints:0", "")]
    [InlineData("Endpoints:0:Port", "70000")]
    public void A_wrong_endpoint_in_configuration_is_refused_and_not_dropped(string key, string value)
    {
        var options = Bind(new() { [key] = value, ["Endpoints:1"] = "b" });

        Assert.Contains("RedisOptions.Endpoints must name", Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_string_from_configuration_is_read_first_and_what_stands_beside_it_wins()
    {
        var frozen = Bind(new()
        {
            ["ConnectionString"] = "rediss://app:secret@cache:7000/2?connectTimeout=1s&abortConnect=false&tlsHostName=a.example",
            ["ConnectTimeout"] = "00:00:03",
            ["Tls:HostName"] = "b.example",
            ["Tracking:OptIn"] = "true",
        }).Freeze();

        Assert.Equal([new RedisEndpoint("cache", 7000)], frozen.Endpoints);
        Assert.Equal(("app", "secret", 2, false), (frozen.User, frozen.Password, frozen.Database, frozen.AbortOnConnectFailure));
        Assert.Equal(TimeSpan.FromSeconds(3), frozen.ConnectTimeout);
        Assert.Equal("b.example", frozen.Tls?.HostName);
        Assert.True(frozen.Tracking?.OptIn);
        Assert.Null(frozen.ConnectionString);
    }

    [Fact]
    public void A_connection_string_and_endpoints_exclude_each_other()
    {
        var options = new RedisOptions { ConnectionString = "a", Endpoints = { new("b", 1) } };

        Assert.Contains("both name servers", Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_of_options_shows_what_their_connection_string_says_without_its_secrets()
    {
        Assert.Equal("redis://app:***@cache:6379", new RedisOptions { ConnectionString = "cache,user=app,password=hunter2" }.ToString());
        Assert.DoesNotContain("hunter2", new RedisOptions { ConnectionString = "cache,password=hunter2,bogus=hunter2" }.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_frozen_copy_does_not_see_later_changes()
    {
        var options = Valid();
        options.Tls = new RedisTlsOptions { HostName = "a" };
        options.Tracking = new RedisTrackingOptions { Broadcast = true, Prefixes = { "a:" } };
        var frozen = options.Freeze();
        options.Endpoints.Clear();
        options.Password = "later";
        options.Tls.HostName = "later";
        options.Tracking.Prefixes.Clear();

        Assert.Single(frozen.Endpoints);
        Assert.Null(frozen.Password);
        Assert.Equal("a", frozen.Tls?.HostName);
        Assert.Equal(["a:"], frozen.Tracking?.Prefixes);
    }

    [Fact]
    public void A_service_name_makes_the_topology_Sentinel()
    {
        var options = Valid();
        options.SentinelServiceName = "mymaster";

        Assert.Equal(RedisTopology.Sentinel, options.Freeze().Topology);
    }

    public static TheoryData<string, Action<RedisOptions>> Faults => new()
    {
        { "RedisOptions.Endpoints must name 1 to 64", static o => o.Endpoints.Clear() },
        { "RedisOptions.Endpoints must name 1 to 64", static o => o.Endpoints.Add(default) },
        { "RedisOptions.Topology must be one of", static o => o.Topology = (RedisTopology)9 },
        { "RedisOptions.Protocol must be one of", static o => o.Protocol = (RedisProtocol)9 },
        { "RedisOptions.ReadFrom must be one of", static o => o.ReadFrom = (RedisReadFrom)9 },
        { "RedisOptions.Database must be from 0", static o => o.Database = -1 },
        { "RedisOptions.ClientName must be", static o => o.ClientName = "a\nb" },
        { "RedisOptions.Password must be at most 8192", static o => o.Password = new string('x', 8193) },
        { "RedisOptions.User must be at most 1024", static o => (o.User, o.Password) = (new string('x', 1025), "p") },
        { "RedisOptions.SentinelUser is set and", static o => (o.SentinelServiceName, o.SentinelUser) = ("m", "u") },
        { "RedisOptions.SentinelServiceName is only for", static o => (o.SentinelServiceName, o.Topology) = ("m", RedisTopology.Cluster) },
        { "RedisOptions.ConnectTimeout must be from 1ms to 600s", static o => o.ConnectTimeout = TimeSpan.Zero },
        { "RedisOptions.CommandTimeout must be from 1ms to 3600s", static o => o.CommandTimeout = Timeout.InfiniteTimeSpan },
        { "RedisOptions.IdleTimeout must be from 1s to 86400s", static o => o.IdleTimeout = TimeSpan.FromMilliseconds(999) },
        { "RedisOptions.PingInterval must be from 10ms to 3600s; zero turns it off", static o => o.PingInterval = TimeSpan.FromMilliseconds(9) },
        { "RedisOptions.ConnectionsPerServer must be from 0 to 64", static o => o.ConnectionsPerServer = 65 },
        { "RedisOptions.MaximumDedicatedConnections must be from 1 to 10000", static o => o.MaximumDedicatedConnections = 0 },
        { "RedisOptions.MaximumChannels must be from 1 to 1048576", static o => o.MaximumChannels = 0 },
        { "RedisOptions.MaximumInFlight must be from 1 to 1048576", static o => o.MaximumInFlight = 0 },
        { "RedisOptions.MaximumWaiting must be from 0 to 16777216", static o => o.MaximumWaiting = -1 },
        { "RedisOptions.MaximumReplyBytes must be from 1024 to 2147483591", static o => o.MaximumReplyBytes = int.MaxValue },
        { "RedisOptions.MaximumReplyElements must be from 1024 to 268435456", static o => o.MaximumReplyElements = 1 },
        { "RedisOptions.MaximumReplyDepth must be from 4 to 128", static o => o.MaximumReplyDepth = 3 },
        { "RedisOptions.ReconnectDelay must be from 1ms to 60s", static o => o.ReconnectDelay = TimeSpan.Zero },
        { "RedisOptions.MaximumReconnectDelay must be from 50ms to 600s", static o => o.MaximumReconnectDelay = TimeSpan.FromMilliseconds(49) },
        { "RedisOptions.Tls.HostName must be", static o => o.Tls = new() { HostName = "a b" } },
        { "RedisOptions.Tls.KeyPath is set and", static o => o.Tls = new() { KeyPath = "k" } },
        { "RedisOptions.Tls.CertificatePath and RedisOptions.Tls.ClientCertificate", static o => o.Tls = new() { CertificatePath = "c", ClientCertificate = Certificate(withKey: true) } },
        { "RedisOptions.Tls.CertificateAuthorityPath and RedisOptions.Tls.CertificateAuthority", static o => o.Tls = new() { CertificateAuthorityPath = "c", CertificateAuthority = Certificate(withKey: false) } },
        { "RedisOptions.Tls.ClientCertificate must have its private key", static o => o.Tls = new() { ClientCertificate = Certificate(withKey: false) } },
        { "RedisOptions.Tracking needs pushes", static o => (o.Tracking, o.Protocol) = (new(), RedisProtocol.Resp2) },
        { "RedisOptions.Tracking.Prefixes are only for Broadcast", static o => o.Tracking = new() { Prefixes = { "a" } } },
        { "RedisOptions.Tracking.OptIn and RedisOptions.Tracking.Broadcast", static o => o.Tracking = new() { OptIn = true, Broadcast = true } },
        { "RedisOptions.Tracking.Prefixes overlap", static o => o.Tracking = new() { Broadcast = true, Prefixes = { "user:1", "user:" } } },
        { "RedisOptions.Tracking.Prefixes must be at most 64", static o => o.Tracking = new() { Broadcast = true, Prefixes = { null! } } },
    };

    [Theory]
    [MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public void Each_fault_is_named_with_its_range_and_remedy(string expected, Action<RedisOptions> spoil)
    {
        var options = Valid();
        Assert.Empty(options.Validate());
        spoil(options);

        var error = Assert.Single(options.Validate());
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Matches(@"(: |, or )\w.*\.$", error); // the remedy
        Assert.Throws<OptionsValidationException>(() => options.Freeze());
    }

    [Fact]
    public void All_faults_are_told_at_once_when_options_are_validated()
    {
        var factory = new OptionsFactory<RedisOptions>(
            [new ConfigureOptions<RedisOptions>(static o => (o.MaximumInFlight, o.MaximumReplyDepth) = (0, 0))], [], [new RedisOptionsValidator()]);

        var exception = Assert.Throws<OptionsValidationException>(() => { factory.Create(""); });

        Assert.Equal(3, exception.Failures.Count());
    }

    [Fact]
    public void Every_option_but_those_in_code_only_has_a_key()
    {
        string[] elsewhere = [nameof(RedisOptions.ConnectionString), nameof(RedisOptions.Endpoints), nameof(RedisOptions.Tracking)];
        var names = typeof(RedisOptions).GetProperties().Select(static property => property.Name).Except(elsewhere)
            .Concat(typeof(RedisTlsOptions).GetProperties().Where(static property => property.PropertyType != typeof(X509Certificate2)).Select(static property => "Tls" + property.Name));

        Assert.Empty(names.Except(OptionTable.Keys.Keys, StringComparer.Ordinal));
    }

    private static RedisOptions Valid() => new() { Endpoints = { new("host", 6379) } };

    private static RedisOptions Bind(Dictionary<string, string?> settings)
    {
        var options = new RedisOptions();
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build().Bind(options);
        return options;
    }

    private static X509Certificate2 Certificate(bool withKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=client", key, HashAlgorithmName.SHA256);
        var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
        return withKey ? certificate : X509CertificateLoader.LoadCertificate(certificate.RawData);
    }
}
