using Millrace.TestKit.Redis;

[assembly: AssemblyFixture(typeof(Millrace.Redis.Tests.SharedCluster))]

namespace Millrace.Redis.Tests;

/// <summary>
/// A cluster for all classes of this assembly, started when the first test asks for it.
/// Tests that kill nodes or move slots start their own.
/// </summary>
public sealed class SharedCluster : IAsyncLifetime
{
    private readonly Lazy<Task<RedisCluster>> _cluster = new(static () => RedisCluster.StartAsync());

    public Task<RedisCluster> GetAsync() => _cluster.Value;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_cluster.IsValueCreated)
        {
            await using var started = await _cluster.Value;
        }
    }
}
