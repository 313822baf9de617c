using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>A primary with replicas that hands over, or is killed (kill -9) and replaced, and comes back as a replica.</summary>
internal sealed class SentinelLab(SentinelGroup group, RedisClient client) : LabServer
{
    private readonly RedisJobStore _store = new(client, "millrace:jobs", TimeProvider.System);

    public override string Store => "redis";

    public override string Where => RedisClients.AddressOf(group);

    public override bool MayForget => true;

    public static async Task<SentinelLab> StartAsync()
    {
        var group = await SentinelGroup.StartAsync();
        return new SentinelLab(group, await RedisClients.ConnectAsync(group));
    }

    public override Task<JobStore> OpenAsync() => Task.FromResult<JobStore>(_store);

    public override async Task<string?> DisturbAsync(Random random)
    {
        if (random.Next(3) == 0)
        {
            await group.FailOverAsync();
            await group.WaitUntilHealthyAsync();
            return "orderly failovers";
        }

        var primary = await group.KillPrimaryAsync();
        await group.WaitForFailOverAsync(primary);
        await primary.RestartAsync();
        await group.WaitUntilHealthyAsync();
        return "failovers from a killed primary";
    }

    public override async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await client.DisposeAsync();
        await group.DisposeAsync();
    }
}
