namespace Millrace.Redis.Tests.Configuration;

public sealed class RedisEndpointTests
{
    [Theory]
    [InlineData("cache.example", "cache.example", 6379)]
    [InlineData("cache.example:7000", "cache.example", 7000)]
    [InlineData(" my_redis-1:1 ", "my_redis-1", 1)]
    [InlineData("10.0.0.7:65535", "10.0.0.7", 65535)]
    [InlineData("[::1]:7000", "::1", 7000)]
    [InlineData("[2001:db8::7]", "2001:db8::7", 6379)]
    [InlineData("2001:db8::7", "2001:db8::7", 6379)]
    [InlineData("[fe80::1%eth0]:1", "fe80::1%eth0", 1)]
    public void A_host_with_or_without_a_port_is_read(string text, string host, int port)
    {
        Assert.True(RedisEndpoint.TryParse(text, out var endpoint));

        Assert.Equal(new RedisEndpoint(host, port), endpoint);
        Assert.Equal((host, port), (endpoint.Host, endpoint.Port));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":6379")]
    [InlineData("host:")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:-1")]
    [InlineData("host:6379x")]
    [InlineData("two words")]
    [InlineData("host/0")]
    [InlineData("[::1")]
    [InlineData("[[::1]]:1")]
    [InlineData("[host]:1")]
    [InlineData("[127.0.0.1]:1")]
    [InlineData("a:b:c")]
    [InlineData("::%%ffhost#")]
    [InlineData("[fe80::1%et/h0]:1")]
    public void What_is_no_endpoint_is_refused(string? text)
    {
        Assert.False(RedisEndpoint.TryParse(text, out var endpoint));
        Assert.Equal(default, endpoint);
    }

    [Fact]
    public void A_host_that_is_too_long_is_refused() => Assert.False(RedisEndpoint.TryParse(new string('a', 256), out _));

    [Theory]
    [InlineData("host:7000")]
    [InlineData("[::1]:6379")]
    public void Its_text_is_read_back(string text)
    {
        Assert.True(RedisEndpoint.TryParse(text, out var endpoint));
        Assert.Equal(text, endpoint.ToString());
    }

    [Fact]
    public void Sentinels_have_a_default_port_of_their_own()
    {
        Assert.True(RedisEndpoint.TryParse("host", out var endpoint, RedisEndpoint.DefaultSentinelPort));
        Assert.Equal(26379, endpoint.Port);
    }

    [Fact]
    public void The_constructor_refuses_what_is_no_address()
    {
        Assert.Throws<ArgumentNullException>(() => new RedisEndpoint(null!, 1));
        Assert.Throws<ArgumentException>(() => new RedisEndpoint("redis://host", 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RedisEndpoint("host", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RedisEndpoint("host", 65536));
        Assert.Throws<ArgumentException>(() => new RedisEndpoint("", 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RedisEndpoint.TryParse("host", out _, 0));
        Assert.Equal("::1", new RedisEndpoint("[::1]", 1).Host);
    }
}
