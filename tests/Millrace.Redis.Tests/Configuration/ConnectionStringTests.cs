namespace Millrace.Redis.Tests.Configuration;

public sealed class ConnectionStringTests
{
    [Fact]
    public void A_host_alone_takes_all_defaults()
    {
        var options = RedisOptions.Parse("redis://cache");

        Assert.Equal([new RedisEndpoint("cache", 6379)], options.Endpoints);
        Assert.Equal(RedisTopology.Auto, options.Topology);
        Assert.Equal((null, null, 0), (options.User, options.Password, options.Database));
        Assert.Null(options.Tls);
        Assert.True(options.AbortOnConnectFailure);
        Assert.Equal(TimeSpan.FromSeconds(5), options.CommandTimeout);
        Assert.Equal(options.ToString(), RedisOptions.Parse("cache").ToString());
    }

    [Fact]
    public void The_form_redis_has_user_password_port_database_and_options()
    {
        var options = RedisOptions.Parse("REDIS://app:p%40ss%3A%2F%3Fw%C3%B6rd+%25@cache.example:7000/3?clientName=web&retryReads=yes&connectTimeout=250");

        Assert.Equal([new RedisEndpoint("cache.example", 7000)], options.Endpoints);
        Assert.Equal(("app", "p@ss:/?wörd+%", 3), (options.User, options.Password, options.Database));
        Assert.Equal("web", options.ClientName);
        Assert.True(options.RetryReads);
        Assert.Equal(TimeSpan.FromMilliseconds(250), options.ConnectTimeout);
    }

    [Theory]
    [InlineData("redis://:secret@host", null)]
    [InlineData("redis://user:secret@host/", "user")]
    [InlineData("redis://us%2Fer:secret@host", "us/er")]
    public void A_password_stands_with_or_without_a_user(string text, string? user)
    {
        var options = RedisOptions.Parse(text);

        Assert.Equal((user, "secret"), (options.User, options.Password));
    }

    [Fact]
    public void The_form_rediss_has_tls()
    {
        var options = RedisOptions.Parse("rediss://cache:6380?tlsHostName=cache.internal&tlsCertificateAuthorityPath=%2Fetc%2Fca.pem&tlsCertificatePath=c.pem&tlsKeyPath=k.pem&tlsCheckRevocation=true");

        Assert.NotNull(options.Tls);
        Assert.Equal(("cache.internal", "/etc/ca.pem"), (options.Tls.HostName, options.Tls.CertificateAuthorityPath));
        Assert.Equal(("c.pem", "k.pem", true), (options.Tls.CertificatePath, options.Tls.KeyPath, options.Tls.CheckRevocation));
    }

    [Fact]
    public void The_form_sentinel_names_the_service_and_takes_the_port_of_Sentinels()
    {
        var options = RedisOptions.Parse("rediss+sentinel://app:secret@s1,s2:5000,[::1]/my%2Fmaster/2?sentinelUser=watch&sentinelPassword=other&readFrom=preferReplica");

        Assert.Equal([new("s1", 26379), new("s2", 5000), new RedisEndpoint("::1", 26379)], options.Endpoints);
        Assert.Equal(RedisTopology.Sentinel, options.Topology);
        Assert.Equal(("my/master", 2), (options.SentinelServiceName, options.Database));
        Assert.Equal(("app", "secret", "watch", "other"), (options.User, options.Password, options.SentinelUser, options.SentinelPassword));
        Assert.Equal(RedisReadFrom.PreferReplica, options.ReadFrom);
        Assert.NotNull(options.Tls);
    }

    [Fact]
    public void The_form_cluster_names_several_nodes()
    {
        var options = RedisOptions.Parse("redis+cluster://n1,n2:7001,n3?connectionsPerServer=2");

        Assert.Equal([new("n1", 6379), new("n2", 7001), new RedisEndpoint("n3", 6379)], options.Endpoints);
        Assert.Equal((RedisTopology.Cluster, 2), (options.Topology, options.ConnectionsPerServer));
    }

    [Fact]
    public void The_comma_form_is_what_dot_net_users_have()
    {
        var options = RedisOptions.Parse(
            "host:6379, host2:6380,password=pa=ss?w/o@rd,user=app,ssl=True,sslHost=cache.internal,defaultDatabase=1,abortConnect=false,"
            + "name=web,connectTimeout=4000,syncTimeout=1000,asyncTimeout=2000,keepAlive=60,protocol=3,");

        Assert.Equal([new("host", 6379), new RedisEndpoint("host2", 6380)], options.Endpoints);
        Assert.Equal(("app", "pa=ss?w/o@rd", 1, "web"), (options.User, options.Password, options.Database, options.ClientName));
        Assert.Equal("cache.internal", options.Tls?.HostName);
        Assert.False(options.AbortOnConnectFailure);
        Assert.Equal((TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(2)), (options.ConnectTimeout, options.CommandTimeout));
        Assert.Equal(TimeSpan.FromSeconds(60), options.PingInterval);
        Assert.Equal(RedisProtocol.Resp3, options.Protocol);
    }

    [Fact]
    public void A_service_name_in_the_comma_form_makes_the_servers_Sentinels()
    {
        var options = RedisOptions.Parse("s1,s2:5000,serviceName=mymaster,password=secret");

        Assert.Equal([new("s1", 26379), new RedisEndpoint("s2", 5000)], options.Endpoints);
        Assert.Equal((RedisTopology.Sentinel, "mymaster"), (options.Topology, options.SentinelServiceName));
    }

    [Theory]
    [InlineData("asyncTimeout=2000,syncTimeout=1000")]
    [InlineData("syncTimeout=1000,asyncTimeout=2000")]
    [InlineData("asyncTimeout=2000")]
    [InlineData("syncTimeout=2000")]
    [InlineData("commandTimeout=2s")]
    public void The_time_out_of_asynchronous_calls_wins(string settings) =>
        Assert.Equal(TimeSpan.FromSeconds(2), RedisOptions.Parse("host," + settings).CommandTimeout);

    [Theory]
    [InlineData("500", 500)]
    [InlineData("500ms", 500)]
    [InlineData("0.5s", 500)]
    [InlineData("5S", 5_000)]
    [InlineData("2m", 120_000)]
    public void A_duration_is_milliseconds_or_has_a_unit(string text, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), RedisOptions.Parse("host,connectTimeout=" + text).ConnectTimeout);

    [Theory]
    [InlineData("2", RedisProtocol.Resp2)]
    [InlineData("resp2", RedisProtocol.Resp2)]
    [InlineData("3", RedisProtocol.Resp3)]
    [InlineData("RESP3", RedisProtocol.Resp3)]
    [InlineData("auto", RedisProtocol.Auto)]
    public void A_protocol_is_named_or_numbered(string text, RedisProtocol protocol) =>
        Assert.Equal(protocol, RedisOptions.Parse("redis://host?protocol=" + text).Protocol);

    [Fact]
    public void An_empty_password_is_none() => Assert.Null(RedisOptions.Parse("host,password=").Password);

    [Fact]
    public void What_is_off_may_be_said() => Assert.Null(RedisOptions.Parse("host,ssl=false,checkCertificateRevocation=false").Tls);

    [Fact]
    public void Every_key_of_the_comma_form_is_known_to_the_other_forms()
    {
        var uri = RedisOptions.Parse("redis://host?PASSWORD=secret&username=app&abortConnect=no&keepAlive=7&defaultDatabase=4&name=n");

        Assert.Equal(("app", "secret", 4, "n", false), (uri.User, uri.Password, uri.Database, uri.ClientName, uri.AbortOnConnectFailure));
        Assert.Equal(TimeSpan.FromSeconds(7), uri.PingInterval);
    }

    [Theory]
    [InlineData("redis://host:6379")]
    [InlineData("redis://host:6379,other:7000/4")]
    [InlineData("rediss://[::1]:6379?tlsHostName=a.example")]
    [InlineData("redis+sentinel://s1:26379,s2:26379/my%20master/3?readFrom=replica")]
    [InlineData("redis+cluster://n1:7000,n2:7001?connectionsPerServer=4")]
    [InlineData("redis://host:6379?topology=single")]
    [InlineData("redis://host:6379?clientName=web%261&protocol=resp2&connectTimeout=1500ms&commandTimeout=2s&idleTimeout=60s&pingInterval=0s"
        + "&connectionsPerServer=3&maximumDedicatedConnections=5&maximumInFlight=6&maximumWaiting=7&maximumReplyBytes=8000&maximumReplyElements=9000"
        + "&maximumReplyDepth=10&reconnectDelay=11ms&maximumReconnectDelay=12ms&retryReads=true&abortOnConnectFailure=false")]
    public void Text_without_secrets_is_read_back_as_it_was(string text)
    {
        var written = RedisOptions.Parse(text).ToString();

        Assert.Equal(text, written);
        Assert.Equal(written, RedisOptions.Parse(written).ToString());
    }

    [Fact]
    public void The_comma_form_is_written_as_the_other() =>
        Assert.Equal("rediss://us%20er:***@host:6380/1?clientName=n", RedisOptions.Parse("host:6380,password=pw,user=us er,ssl=true,db=1,name=n").ToString());
}
