using Millrace.Redis;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Locking;

/// <summary>What a failover can do to a lock, and what it cannot do to who checks fencing tokens.</summary>
[Trait("req", "C-21")]
public sealed class LockFailoverTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The replicas stand still while the lock is taken, so the new primary has never heard of it: the worst that a failover does.</summary>
    [Fact]
    public async Task A_lock_that_no_replica_had_goes_to_a_second_holder_with_a_larger_token()
    {
        await using var group = await SentinelGroup.StartAsync();
        var options = RedisOptions.Parse($"{string.Join(',', group.Sentinels.Select(static sentinel => sentinel.Address))},serviceName={SentinelGroup.MasterName}");
        options.CommandTimeout = TimeSpan.FromSeconds(60);
        options.ConnectTimeout = TimeSpan.FromSeconds(20);
        await using var client = await RedisClient.ConnectAsync(options, Token);
        await using var locks = CacheLocks.InRedis(client);
        var primary = await group.CurrentPrimaryAsync();
        await (await locks.AcquireAsync("a", Lease, Wait, Token)).DisposeAsync(); // so that the replicas know an older token
        await Poll.UntilAsync(
            async () => await KnowAsync("cache:!lock:{a}:token") ? null : "a replica does not", "the replicas know the first token");
        foreach (var replica in group.Servers.Where(server => server != primary))
        {
            await replica.PauseAsync();
        }

        await primary.CommandAsync("CLIENT", "KILL", "TYPE", "replica"); // nothing waits for them in a socket
        await using var old = await locks.AcquireAsync("a", Lease, Wait, Token);
        await primary.KillAsync();
        foreach (var replica in group.Servers.Where(server => server != primary))
        {
            await replica.ResumeAsync();
        }

        await group.WaitForFailOverAsync(primary);
        await using var next = await locks.AcquireAsync("a", Lease, Wait, Token);

        Assert.True(old.IsHeld); // two believe in it: what one lock service cannot prevent
        Assert.True(next.FencingToken > old.FencingToken); // and what the token tells apart
        Assert.False(await old.ReleaseAsync(Token));
        Assert.True(next.IsHeld);
        Assert.Null(await locks.TryAcquireAsync("a", Lease, Token));

        async Task<bool> KnowAsync(string key)
        {
            foreach (var server in group.Servers.Where(server => server != primary))
            {
                if ((await server.CommandAsync("EXISTS", key)).Number != 1)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
