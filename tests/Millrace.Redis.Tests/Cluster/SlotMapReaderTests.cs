using System.Buffers;
using System.Globalization;
using System.Text;
using Millrace.Redis.Cluster;
using Millrace.Redis.Protocol;
using Millrace.TestKit;

namespace Millrace.Redis.Tests.Cluster;

/// <summary>
/// The replies in Recorded are those of four nodes of Redis 7.0.15, CR LF written as \r\n: three primaries, of which the second serves a
/// slot inside the first one's range and the third has a host's name, and a replica of the first.
/// </summary>
public sealed class SlotMapReaderTests
{
    private static readonly RedisEndpoint Asked = new("10.1.2.3", 7000);

    [Theory]
    [InlineData("shards", 2)]
    [InlineData("shards", 3)]
    [InlineData("slots", 2)]
    [InlineData("slots", 3)]
    public void A_recorded_reply_gives_the_map_that_the_server_has(string command, int protocol)
    {
        var map = Read(command, Recorded($"redis7.{command}.resp{protocol}"));

        Assert.True(map.IsComplete);
        Assert.Equal(27101, map[0]!.Primary.Port);
        Assert.Equal(27101, map[99]!.Primary.Port);
        Assert.Equal(27102, map[100]!.Primary.Port);
        Assert.Equal(27101, map[101]!.Primary.Port);
        Assert.Equal(27101, map[5460]!.Primary.Port);
        Assert.Equal(27102, map[5461]!.Primary.Port);
        Assert.Equal(27103, map[16383]!.Primary.Port);
        Assert.All(map.Endpoints, static endpoint => Assert.Equal("127.0.0.1", endpoint.Host));
        Assert.Equal([new RedisEndpoint("127.0.0.1", 27104)], map[5460]!.Replicas);
        Assert.Empty(map[16383]!.Replicas);
        Assert.Equal(3, map.Shards.Count);
        for (var slot = 0; slot < HashSlot.Count; slot++)
        {
            Assert.Equal(slot == 100 ? 27102 : slot <= 5460 ? 27101 : slot <= 10922 ? 27102 : 27103, map[slot]!.Primary.Port);
        }
    }

    [Theory]
    [InlineData("shards", 2)]
    [InlineData("shards", 3)]
    [InlineData("slots", 2)]
    [InlineData("slots", 3)]
    public void Nodes_that_do_not_know_their_address_are_where_the_asked_one_is(string command, int protocol)
    {
        var map = Read(command, Recorded($"redis7-unknown-endpoint.{command}.resp{protocol}"));

        Assert.True(map.IsComplete);
        Assert.Equal(new RedisEndpoint(Asked.Host, 27101), map[0]!.Primary);
        Assert.Equal([new RedisEndpoint(Asked.Host, 27104)], map[0]!.Replicas);
    }

    [Fact]
    public void A_primary_that_failed_gives_way_to_the_one_beside_it_and_a_port_for_TLS_is_taken_with_TLS()
    {
        const string Reply = "*1\r\n*4\r\n$5\r\nslots\r\n*2\r\n:0\r\n:16383\r\n$5\r\nnodes\r\n*3\r\n"
            + "*10\r\n$4\r\nport\r\n:7001\r\n$8\r\nendpoint\r\n$1\r\na\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$6\r\nhealth\r\n$4\r\nfail\r\n$3\r\nnew\r\n*1\r\n:1\r\n"
            + "*12\r\n$4\r\nport\r\n:7002\r\n$8\r\ntls-port\r\n:8002\r\n$8\r\nendpoint\r\n$1\r\n?\r\n$2\r\nip\r\n$3\r\n::1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$6\r\nhealth\r\n$6\r\nonline\r\n"
            + "*8\r\n$4\r\nport\r\n:7003\r\n$8\r\nendpoint\r\n$5\r\nc.net\r\n$4\r\nrole\r\n$7\r\nreplica\r\n$6\r\nhealth\r\n$7\r\nloading\r\n";

        var shard = Assert.Single(Read("shards", Reply).Shards);
        Assert.Equal(new RedisEndpoint("::1", 7002), shard.Primary);
        Assert.Equal([new RedisEndpoint("c.net", 7003)], shard.Replicas);
        Assert.Equal(new RedisEndpoint("::1", 8002), Read("shards", Reply, isTls: true)[7]!.Primary);
    }

    [Theory]
    [InlineData("slots", "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n")]
    [InlineData("slots", "*1\r\n*3\r\n:-1\r\n:5\r\n*2\r\n$1\r\na\r\n:1\r\n")]
    [InlineData("slots", "*1\r\n*3\r\n:9\r\n:5\r\n*2\r\n$1\r\na\r\n:1\r\n")]
    [InlineData("slots", "*1\r\n*1\r\n:9\r\n")]
    [InlineData("slots", "*1\r\n*3\r\n:0\r\n:5\r\n*1\r\n$1\r\na\r\n")]
    [InlineData("slots", "$-1\r\n")]
    [InlineData("slots", "+OK\r\n")]
    [InlineData("shards", ":7\r\n")]
    [InlineData("shards", "*1\r\n*2\r\n$5\r\nnodes\r\n$1\r\nx\r\n")]
    public void A_reply_that_cannot_be_is_refused(string command, string reply) => Assert.ThrowsAny<RedisException>(() => Read(command, reply));

    [Fact]
    public void A_reply_that_names_too_many_nodes_is_refused()
    {
        var reply = new StringBuilder("*1001\r\n");
        for (var i = 0; i < 1001; i++)
        {
            reply.Append(CultureInfo.InvariantCulture, $"*3\r\n:{i}\r\n:{i}\r\n*2\r\n$1\r\na\r\n:{i + 1}\r\n");
        }

        Assert.Contains("1000", Assert.ThrowsAny<RedisException>(() => Read("slots", reply.ToString())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bad host", 1)]
    [InlineData("a", 0)]
    [InlineData("a", 65536)]
    [InlineData("http://a", 1)]
    public void A_node_whose_address_is_none_is_left_out(string host, int port)
    {
        var map = Read("slots", $"*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n${host.Length}\r\n{host}\r\n:{port}\r\n");

        Assert.True(map.IsEmpty);
        Assert.Empty(map.Endpoints);
    }

    [Fact]
    public void A_map_changes_one_slot_and_leaves_the_one_before_as_it_was()
    {
        var map = Read("slots", Recorded("redis7.slots.resp2"));
        var promoted = new RedisEndpoint("127.0.0.1", 27104);

        var changed = map.With(7, promoted);

        Assert.Equal(promoted, changed[7]!.Primary);
        Assert.Equal(27101, changed[8]!.Primary.Port);
        Assert.Equal(27101, map[7]!.Primary.Port);
        Assert.Same(changed, changed.With(7, promoted));
        Assert.Same(changed[7], changed.With(9, promoted)[9]);
    }

    [Fact]
    public void A_map_does_not_grow_beyond_its_bound()
    {
        var map = SlotMap.Empty;
        for (var i = 0; i < 3_000; i++)
        {
            map = map.With(i, new RedisEndpoint("a", i + 1));
        }

        Assert.Equal(SlotMap.MaximumNodes, map.Shards.Count);
    }

    private static SlotMap Read(string command, string reply, bool isTls = false)
    {
        var reader = new RespReader(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(reply)));
        var map = new SlotMapReader(Asked, isTls);
        return command == "shards" ? map.ReadShards(ref reader) : map.ReadSlots(ref reader);
    }

    private static string Recorded(string name) =>
        File.ReadAllText(Path.Combine(RepositoryRoot.Path, "tests/Millrace.Redis.Tests/Cluster/Recorded", $"{name}.txt"))
            .TrimEnd('\n').Replace("\\r\\n", "\r\n", StringComparison.Ordinal);
}
