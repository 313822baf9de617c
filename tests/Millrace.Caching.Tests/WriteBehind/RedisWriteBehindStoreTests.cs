using Millrace.Caching.WriteBehind;
using Millrace.Caching.WriteBehind.Redis;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests;

public sealed class RedisWriteBehindStoreTests(RedisWriteBehindStoreTests.Server server)
    : WriteBehindStoreConformance, IClassFixture<RedisWriteBehindStoreTests.Server>
{
    private readonly string _prefix = $"test-{Guid.NewGuid():N}:";

    [Fact]
    public async Task A_field_that_somebody_else_wrote_is_an_error_that_names_the_key_and_not_a_value()
    {
        var store = await OpenAsync(Roomy, "foreign");
        await using var owned = store;
        foreach (var text in new[] { "", "1", "1:2", "x:0:v", "-1:0:v", "99999999999999999999:0:v", "1:9999999999:v" })
        {
            await server.Client.HSetAsync($"{_prefix}!writes:{{foreign.0}}:values", "k", text);
            var error = await Assert.ThrowsAsync<InvalidDataException>(async () => await store.FindAsync(0, "k", CancellationToken.None));
            Assert.Contains("'k'", error.Message, StringComparison.Ordinal);
        }
    }

    private protected override async Task<WriteBehindStore> OpenAsync(StoreLimits limits, string name)
    {
        var store = new RedisWriteBehindStore(server.Client, _prefix, name, limits);
        await store.InitializeAsync(CancellationToken.None);
        return store;
    }

    protected override ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <summary>One server and client for all tests of the class; each has keys of its own.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private RedisServer _server = null!;

        public RedisClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _server = await RedisServer.StartAsync();
            Client = await RedisClient.ConnectAsync(_server.Address);
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await _server.DisposeAsync();
        }
    }
}
