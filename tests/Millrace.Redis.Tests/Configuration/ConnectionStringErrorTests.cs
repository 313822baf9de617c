using System.Security.Cryptography;

namespace Millrace.Redis.Tests.Configuration;

public sealed class ConnectionStringErrorTests
{
    private const string Secret = "hunter2";

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData("  ", "empty")]
    [InlineData("http://host", "scheme is unknown")]
    [InlineData("redis+tls://host", "scheme is unknown")]
    [InlineData("redis://", "names no server")]
    [InlineData("password=x", "names no server")]
    [InlineData("redis://host:70000", "Server 1")]
    [InlineData("redis://a,b:x", "Server 2")]
    [InlineData("redis://host/one", "Database")]
    [InlineData("redis://host/0/1", "too many parts")]
    [InlineData("redis://host#x", "%23")]
    [InlineData("redis://user@host", "RedisOptions.Password is not")]
    [InlineData("redis://host/1?db=2", "Database twice")]
    [InlineData("redis://u:p@host?user=v", "User twice")]
    [InlineData("redis://host?", null)]
    [InlineData("redis://host?x", "Entry 1")]
    [InlineData("redis://host?=x", "Entry 1")]
    [InlineData("redis://host?name=%zz", "Entry 1")]
    [InlineData("redis://u:%ff@host", "percent-encoded UTF-8")]
    [InlineData("redis://host?ssl=maybe", "ssl in the connection string must be true or false")]
    [InlineData("redis://host?maximumInFlight=many", "maximumInFlight")]
    [InlineData("redis://host?maximumInFlight=-1", "a whole number")]
    [InlineData("redis://host?maximumInFlight=0", "RedisOptions.MaximumInFlight must be from 1 to 1048576")]
    [InlineData("redis://host?connectTimeout=soon", "a number of milliseconds")]
    [InlineData("redis://host?connectTimeout=99999999999999999999", "a number of milliseconds")]
    [InlineData("redis://host?connectTimeout=0", "RedisOptions.ConnectTimeout must be from 1ms to 600s")]
    [InlineData("redis://host?topology=2", "auto, single, sentinel, cluster")]
    [InlineData("redis://host?topology=sentinel", "SentinelServiceName must be set")]
    [InlineData("redis+cluster://host?topology=single", "contradict")]
    [InlineData("redis+cluster://host/1", "RedisOptions.Database must be 0")]
    [InlineData("redis+sentinel://host", "SentinelServiceName must be set")]
    [InlineData("redis+sentinel://host/m?serviceName=n", "SentinelServiceName twice")]
    [InlineData("redis://host?sentinelPassword=x", "only for Sentinels")]
    [InlineData("redis://host?topology=single&readFrom=replica", "ReadFrom must be Primary")]
    [InlineData("rediss://host?ssl=false", "remove one")]
    [InlineData("redis://host?sslHost=a", "add ssl=true")]
    [InlineData("rediss://host?tlsKeyPath=a", "CertificatePath is not")]
    [InlineData("host,name=two words", "printable ASCII")]
    [InlineData("host,timeout=5", "timeout of the connection string is unknown")]
    [InlineData("host,pasword=x", "pasword of the connection string is unknown: is Password meant?")]
    [InlineData("host,maxInFlight=5", "maxInFlight")]
    [InlineData("host,name=a,host2", "Entry 3")]
    [InlineData("host,asyncTimeout=1,commandTimeout=2", "CommandTimeout twice")]
    [InlineData("host,allowAdmin=true", "allowAdmin of the connection string is not supported: the server's access lists")]
    [InlineData("host,connectRetry=3", "connectRetry of the connection string is not supported: reconnecting has no count")]
    [InlineData("host,sslProtocols=tls12", "sslProtocols of the connection string is not supported")]
    [InlineData("host,tieBreaker=", "tieBreaker of the connection string is not supported")]
    public void Each_fault_is_named(string? text, string? expected)
    {
        var read = RedisOptions.TryParse(text, out var options, out var error);

        Assert.Equal(expected is null, read);
        Assert.Equal(read, options is not null);
        if (expected is not null)
        {
            Assert.Contains(expected, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Parsing_throws_with_that_message()
    {
        var exception = Assert.Throws<FormatException>(() => RedisOptions.Parse("host,bogus=1"));

        Assert.Contains("bogus", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => RedisOptions.Parse(null!));
    }

    [Fact]
    public void Too_long_a_string_and_too_many_servers_are_refused()
    {
        Assert.False(RedisOptions.TryParse("redis://" + new string('a', 8_192), out _, out var error));
        Assert.Contains("8192", error, StringComparison.Ordinal);
        Assert.True(RedisOptions.TryParse(string.Join(',', Enumerable.Range(1, 64).Select(static i => $"h{i}")), out _, out _));
        Assert.False(RedisOptions.TryParse(string.Join(',', Enumerable.Range(1, 65).Select(static i => $"h{i}")), out _, out error));
        Assert.Contains("64", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host,password=hunter2,bogus=1")]
    [InlineData("host,password=x,hunter2")]
    [InlineData("host,password=x,hunter2=y")]
    [InlineData("host,password=x,hunter2=y,hunter2")]
    [InlineData("host,sentinelPassword=x,hunter2=y")]
    [InlineData("hunter2@host:x")]
    [InlineData("redis://hunter2@host")]
    [InlineData("redis://:hunter2@host:x")]
    [InlineData("redis://:hunter2%@host")]
    [InlineData("redis://:hunter2/x@host")]
    [InlineData("redis://:a/hunter2@host")]
    [InlineData("redis://u:1/hunter2@host")]
    [InlineData("redis://u:1?hunter2@host")]
    [InlineData("redis://u:1?a&hunter2=b@host")]
    [InlineData("redis://u:1#hunter2@host")]
    [InlineData("redis://host?password=a&hunter2=b")]
    [InlineData("redis://host?password=hunter2&connectTimeout=x")]
    [InlineData("redis://host?password=hunter2&password=hunter2")]
    [InlineData("redis://host?sentinelPassword=hunter2")]
    [InlineData("redis://host?connectTimeout=hunter2")]
    [InlineData("redis://host/hunter2")]
    [InlineData("ftp://:hunter2@host")]
    [InlineData("redis://:hunter2@host/1?db=2")]
    public void No_piece_of_a_secret_is_in_an_error(string text)
    {
        Assert.False(RedisOptions.TryParse(text, out _, out var error));
        Assert.DoesNotContain(Secret, error, StringComparison.OrdinalIgnoreCase);

        var options = new RedisOptions { ConnectionString = text };
        Assert.All(options.Validate(), static fault => Assert.DoesNotContain(Secret, fault, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(Secret, options.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("hunter2")]
    [InlineData("hun=ter2&?#/@:%,+ ***ö")]
    [InlineData("%68unter2")]
    public void No_secret_is_in_the_text_of_options(string password)
    {
        var options = RedisOptions.Parse($"redis+sentinel://app:{Uri.EscapeDataString(password)}@s/m?sentinelPassword={Uri.EscapeDataString(password)}");

        Assert.Equal((password, password), (options.Password, options.SentinelPassword));
        Assert.Equal("redis+sentinel://app:***@s:26379/m?sentinelPassword=***", options.ToString());
    }

    [Fact]
    public void Random_strings_are_read_or_refused_and_nothing_else_happens()
    {
        var seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] pieces =
        [
            "redis://", "rediss://", "redis+sentinel://", "rediss+cluster://", "host", "h:1", "[::1]", "[", "]", ":", "@", "/", "?", "&", "=", ",", "#", "%", "%41", "%ff",
            "%zz", " ", "password", "user=", "db=", "ssl=true", "ssl=false", "keepAlive=", "connectTimeout=", "5s", "-1", "99999999999999999999", "1e9", "0.1ms", ".", "serviceName=m",
            "topology=", "cluster", "protocol=3", "readFrom=replica", "ö", "\ud800", "\0", "\n", "secret-piece",
        ];
        var readable = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ =>
                random.Next(8) == 0 ? ((char)random.Next(char.MaxValue + 1)).ToString() : pieces[random.Next(pieces.Length)]));
            var read = RedisOptions.TryParse(text, out var options, out var error);

            Assert.True(read == (options is not null) && read == (error is null), $"seed {seed}, round {round}");
            if (options is not null)
            {
                readable++;
                Assert.True(RedisOptions.TryParse(options.ToString(), out var again, out error), $"seed {seed}, round {round}: {error} {options} {Convert.ToHexString(System.Text.Encoding.BigEndianUnicode.GetBytes(text))}");
                Assert.Equal(options.ToString(), again.ToString());
            }
        }

        Assert.True(readable > 100, $"seed {seed}: only {readable} of the strings could be read, so that little was tested.");
    }
}
