using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests;

/// <summary>The servers, and the protocols to speak with them, that every command is tested with: <c>[MemberData]</c> of those tests.</summary>
public static class RedisServers
{
    public const string Resp3 = "redis-resp3";
    public const string Resp2 = "redis-resp2";
    public const string Garnet = "garnet";

    /// <summary>All of them; Garnet only by ./test --garnet.</summary>
    public static TheoryData<string> All() => GarnetServer.IsRequested ? [Resp3, Resp2, Garnet] : [Resp3, Resp2];

    /// <summary>Redis alone, for what Garnet does not have.</summary>
    public static TheoryData<string> RedisOnly() => [Resp3, Resp2];

    /// <summary>The protocol to speak with one of them: 2 or 3.</summary>
    public static int ProtocolOf(string server) => server == Resp2 ? 2 : 3;
}
