using Millrace.TestKit.Redis;

[assembly: AssemblyFixture(typeof(Millrace.Redis.Tests.SharedSentinel))]

namespace Millrace.Redis.Tests;

/// <summary>
/// A primary with replicas and Sentinels for all classes of this assembly, started when the first test asks for it.
/// Tests that kill servers or fail over start their own.
/// </summary>
public sealed class SharedSentinel : IAsyncLifetime
{
    private readonly Lazy<Task<SentinelGroup>> _group = new(static () => SentinelGroup.StartAsync());

    public Task<SentinelGroup> GetAsync() => _group.Value;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_group.IsValueCreated)
        {
            await using var started = await _group.Value;
        }
    }
}
