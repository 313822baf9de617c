using System.Globalization;

namespace Millrace.TestKit.Redis;

/// <summary>A primary with two replicas, watched by three Sentinels that need two to agree. One caller at a time changes it.</summary>
public sealed class SentinelGroup : IAsyncDisposable
{
    /// <summary>The name that the Sentinels know the primary by.</summary>
    public const string MasterName = "mymaster";

    private const int Replicas = 2;
    private const int SentinelCount = 3;
    private readonly List<RedisServer> _servers = [];
    private readonly List<RedisServer> _sentinels = [];

    private SentinelGroup()
    {
    }

    /// <summary>The data servers; the first began as the primary.</summary>
    public IReadOnlyList<RedisServer> Servers => _servers;

    /// <summary>The Sentinels. Each may be paused, killed and started again like any server.</summary>
    public IReadOnlyList<RedisServer> Sentinels => _sentinels;

    /// <summary>Starts all six and waits until the replicas have their copy and the Sentinels see them and each other.</summary>
    public static async Task<SentinelGroup> StartAsync(SentinelSetup? setup = null)
    {
        setup ??= new();
        var group = new SentinelGroup();
        try
        {
            var data = new RedisServerSetup { Password = setup.Password, User = setup.User, Arguments = setup.Arguments };
            group._servers.Add(await RedisServer.StartAsync(data));
            for (var i = 0; i < Replicas; i++)
            {
                group._servers.Add(await RedisServer.StartAsync(data with { ReplicaOf = group._servers[0].Port }));
            }

            // A Sentinel looks at once for the replicas it finds attached, and only every 10 s for later ones.
            await Poll.UntilAsync(() => group.WhyNotCopiedAsync(group._servers[0]), "the replicas have their copy");
            for (var i = 0; i < SentinelCount; i++)
            {
                group._sentinels.Add(await StartSentinelAsync(setup, group._servers[0].Port));
            }

            await group.WaitUntilHealthyAsync();
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>The server that the running Sentinels name, when they agree.</summary>
    /// <exception cref="TimeoutException">They did not agree within a minute.</exception>
    public Task<RedisServer> CurrentPrimaryAsync() => PrimaryAsync(otherThan: null);

    /// <summary>Waits until the running Sentinels agree on a primary other than <paramref name="former" /> and it has taken the part.</summary>
    /// <returns>The new primary.</returns>
    public Task<RedisServer> WaitForFailOverAsync(RedisServer former) => PrimaryAsync(former);

    /// <summary>Has the Sentinels hand over to a replica while the primary is well, and waits until it is done.</summary>
    /// <returns>The new primary.</returns>
    public async Task<RedisServer> FailOverAsync()
    {
        var former = await CurrentPrimaryAsync();
        var sentinel = Running(_sentinels).First();
        await Poll.UntilAsync(
            async () =>
            {
                await sentinel.CommandAsync("SENTINEL", "FAILOVER", MasterName); // an error reply means "not now"
                return null;
            },
            "a Sentinel begins a failover");
        return await WaitForFailOverAsync(former);
    }

    /// <summary>Kills the primary (kill -9) and returns at once: the Sentinels notice after the setup's time.</summary>
    /// <returns>The server killed.</returns>
    public async Task<RedisServer> KillPrimaryAsync()
    {
        var primary = await CurrentPrimaryAsync();
        await primary.KillAsync();
        return primary;
    }

    /// <summary>
    /// Waits until every running server but the primary is its replica with a full copy and the running Sentinels see all of it.
    /// </summary>
    public async Task WaitUntilHealthyAsync()
    {
        var sentinels = Running(_sentinels).ToList();
        await Poll.UntilAsync(
            async () =>
            {
                var primary = await CurrentPrimaryAsync();
                foreach (var sentinel in sentinels)
                {
                    var seen = (await sentinel.CommandAsync("SENTINEL", "MASTER", MasterName)).Fields();
                    var others = int.Parse(seen["num-other-sentinels"], CultureInfo.InvariantCulture);
                    if (seen["num-slaves"] != $"{Replicas}" || others < sentinels.Count - 1 || seen["flags"] != "master")
                    {
                        return $"a Sentinel sees {seen["num-slaves"]} replicas, {others} others, flags {seen["flags"]}";
                    }
                }

                return await WhyNotCopiedAsync(primary);
            },
            "primary, replicas and Sentinels see each other");
    }

    /// <summary>Kills all and removes their folders.</summary>
    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_sentinels.Concat(_servers).Select(static server => server.DisposeAsync().AsTask()));

    private static async Task<RedisServer> StartSentinelAsync(SentinelSetup setup, int primary)
    {
        List<string> lines =
        [
            $"sentinel monitor {MasterName} 127.0.0.1 {primary} 2",
            $"sentinel down-after-milliseconds {MasterName} {setup.DownAfter.TotalMilliseconds:F0}",
            $"sentinel failover-timeout {MasterName} {setup.FailoverTimeout.TotalMilliseconds:F0}",
            $"sentinel parallel-syncs {MasterName} {Replicas}",
        ];
        if (setup.User is not null)
        {
            lines.Add($"sentinel auth-user {MasterName} {setup.User}");
        }

        if (setup.Password is not null)
        {
            lines.Add($"sentinel auth-pass {MasterName} {RedisServerSetup.Quoted(setup.Password)}");
        }

        var sentinel = await RedisServer.StartAsync(new RedisServerSetup { Password = setup.SentinelPassword, Sentinel = lines });

        // Quicker gossip, and no pause of 30 s when a busy machine stops a Sentinel for 2 s.
        await sentinel.CommandAsync(
            "SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "500", "PING-PERIOD", "200", "ASK-PERIOD", "200",
            "TILT-TRIGGER", "60000", "MIN-LINK-RECONNECT-PERIOD", "500");
        return sentinel;
    }

    private static IEnumerable<RedisServer> Running(IEnumerable<RedisServer> servers) =>
        servers.Where(static server => server is { IsRunning: true, IsPaused: false });

    private async Task<RedisServer> PrimaryAsync(RedisServer? otherThan)
    {
        RedisServer? primary = null;
        await Poll.UntilAsync(
            async () =>
            {
                var named = new HashSet<string?>(StringComparer.Ordinal);
                foreach (var sentinel in Running(_sentinels))
                {
                    named.Add((await sentinel.CommandAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MasterName))[1].Text);
                }

                primary = _servers.Find(server => named.SetEquals([server.Port.ToString(CultureInfo.InvariantCulture)]));
                if (primary is null || primary == otherThan)
                {
                    return $"the Sentinels name the ports {string.Join(", ", named)}";
                }

                return otherThan is null || (await primary.CommandAsync("ROLE"))[0].Text == "master"
                    ? null
                    : $"{primary.Address} is still a replica";
            },
            "the Sentinels agree on a primary");
        return primary!;
    }

    private async Task<string?> WhyNotCopiedAsync(RedisServer primary)
    {
        foreach (var replica in Running(_servers).Where(server => server != primary))
        {
            var info = await replica.InfoAsync("replication");
            if (info["role"] != "slave" || info["master_port"] != $"{primary.Port}" || info["master_link_status"] != "up")
            {
                return $"{replica.Address} is a {info["role"]}, its link is {info.GetValueOrDefault("master_link_status", "none")}";
            }
        }

        var online = (await primary.InfoAsync("replication")).Values.Count(static value => value.Contains("state=online", StringComparison.Ordinal));
        var expected = Running(_servers).Count() - 1;
        return online == expected ? null : $"the primary has {online} of {expected} replicas online";
    }
}
