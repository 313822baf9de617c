using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote;

/// <summary>One server for the tests that do it no harm; each uses keys of its own.</summary>
public sealed class SharedRedis : IAsyncLifetime
{
    private static int _last;

    public RedisServer Server { get; private set; } = null!;

    public string Address => Server.Address;

    /// <summary>A prefix that no other test has.</summary>
    public static string Prefix() => $"t{Interlocked.Increment(ref _last)}:";

    public async ValueTask InitializeAsync() => Server = await RedisServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
