using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.Tests.Remote.Distributed;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote.Partitioned;

/// <summary>Several servers by code and configuration.</summary>
[Trait("req", "C-16"), Trait("req", "H-09")]
public sealed class PartitionRegistrationTests
{
    [Fact]
    public async Task Code_and_configuration_name_servers_and_the_case_of_names_is_not_part_of_them()
    {
        await using var servers = await Partitions.StartAsync();
        await using var byCode = Cache(servers.Addresses, []);
        await using var byConfiguration = Cache(
            new Dictionary<string, string> { ["A"] = "127.0.0.1:1" }, // configuration has the last word
            [.. servers.Addresses.Select(static server => KeyValuePair.Create($"Millrace:Cache:Redis:Partitions:{server.Key.ToUpperInvariant()}", (string?)server.Value))]);
        var (first, second) = (byCode.GetRequiredService<Cache>(), byConfiguration.GetRequiredService<Cache>());
        await Partitions.ConnectedAsync(first);
        await Partitions.ConnectedAsync(second);

        foreach (var key in servers.Keys(ofEach: 3))
        {
            await first.ReadAsync(key, static () => "one");
            Assert.Equal("one", await second.FindAsync(key));
            Assert.Equal("1", (await servers[servers.Of(key)].CommandAsync("EXISTS", "cache:" + key)).Text);
        }
    }

    [Fact]
    public async Task While_one_server_is_away_its_keys_are_shared_through_the_store_and_the_others_through_their_servers()
    {
        await using var servers = await Partitions.StartAsync();
        var store = new TroubledStore();
        await using var a = Cache(servers.Addresses, [], store);
        await using var b = Cache(servers.Addresses, [], store);
        var (first, second) = (a.GetRequiredService<Cache>(), b.GetRequiredService<Cache>());
        await Partitions.ConnectedAsync(first);
        await Partitions.ConnectedAsync(second);
        var (lost, other) = (servers.KeysOf("b", 1)[0], servers.KeysOf("a", 1)[0]);
        await first.ReadAsync(other, static () => "redis");
        await servers["b"].KillAsync();
        await Partitions.AwayAsync(first);
        await Partitions.AwayAsync(second);

        Assert.Equal("redis", await second.FindAsync(other));
        Assert.Equal(0, store.Calls);
        await Poll.UntilAsync(
            async () => await ReadAsync(first, "of one") == await ReadAsync(second, "of the other") ? null : "each has read its source", "the store is shared");

        ValueTask<string> ReadAsync(Cache cache, string source) =>
            cache.GetOrCreateAsync(lost, source, static (source, _) => ValueTask.FromResult(source), cancellationToken: Node.Token);
    }

    [Fact]
    public async Task One_server_may_have_several_names()
    {
        await using var server = await TestKit.Redis.RedisServer.StartAsync();
        var names = Enumerable.Range(1, 4).ToDictionary(static i => $"redis-{i}", _ => server.Address);
        await using var a = Cache(names, []);
        await using var b = Cache(names, []);
        var (first, second) = (a.GetRequiredService<Cache>(), b.GetRequiredService<Cache>());
        await Partitions.ConnectedAsync(first);
        await Partitions.ConnectedAsync(second);
        var keys = Enumerable.Range(0, 20).Select(static i => $"k{i}").ToArray();
        foreach (var key in keys)
        {
            await first.ReadAsync(key, static () => "old", "t");
            Assert.Equal("old", await second.FindAsync(key));
        }

        await first.RemoveAsync(keys[..10], confirmed: true, Node.Token);
        Assert.All(keys[..10], key => Assert.False(second.TryGet<string>(key, out _)));
        await first.RemoveByTagAsync(["t"], confirmed: true, Node.Token);
        Assert.All(keys, key => Assert.False(second.TryGet<string>(key, out _)));
        foreach (var key in keys)
        {
            Assert.Equal("SOURCE", await second.FindAsync(key));
        }
    }

    [Fact]
    public async Task Faults_in_the_list_are_named_when_the_host_starts_and_no_secret_is()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddMillraceCache(static options => options.Redis.SweepKeysPerSecond = -1).UseRedis(new Dictionary<string, string>
        {
            ["a b"] = "127.0.0.1:6379",
            ["c"] = "redis://user:secret@127.0.0.1:6379?nonsense=1",
        });
        using var host = builder.Build();

        var text = (await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync(Node.Token))).ToString();

        Assert.Contains("Millrace:Cache:Redis:Partitions has a server named 'a b'", text, StringComparison.Ordinal);
        Assert.Contains("Millrace:Cache:Redis:Partitions:c cannot be read:", text, StringComparison.Ordinal);
        Assert.Contains("Millrace:Cache:Redis:SweepKeysPerSecond is -1; it must be from 0 to 1000000.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_without_a_server_is_refused()
    {
        await using var services = Cache(new Dictionary<string, string>(), []);

        var error = Assert.Throws<InvalidOperationException>(services.GetRequiredService<Cache>);

        Assert.Contains("Redis:Partitions", error.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Cache(IReadOnlyDictionary<string, string> servers, KeyValuePair<string, string?>[] configuration, IDistributedCache? store = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build());
        var cache = services.AddMillraceCache(static options => options.DefaultPolicy = options.DefaultPolicy with { StaleInOutage = false }).UseRedis(servers);
        if (store is not null)
        {
            cache.UseDistributedCache(_ => store);
        }

        return services.BuildServiceProvider();
    }
}
