namespace Millrace.TestKit.Redis;

/// <summary>A node of a <see cref="RedisCluster" />.</summary>
/// <param name="Id">The name that the nodes know it by, kept over a restart.</param>
/// <param name="Server">Its server.</param>
public sealed record ClusterNode(string Id, RedisServer Server)
{
    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port => Server.Port;

    /// <summary>"127.0.0.1:" and the port.</summary>
    public string Address => Server.Address;

    /// <inheritdoc cref="RedisServer.CommandAsync" />
    public Task<RedisReply> CommandAsync(params string[] arguments) => Server.CommandAsync(arguments);
}
