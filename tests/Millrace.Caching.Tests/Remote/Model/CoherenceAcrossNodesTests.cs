using System.Globalization;
using Millrace.Caching.Tests.Sharing;

namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>
/// Random histories of three nodes on one server, or on several that share the keys, with delays at every await and lost connections. <c>MILLRACE_CACHE_HISTORIES</c> sets how many.
/// </summary>
[Trait("req", "C-04")]
public sealed class CoherenceAcrossNodesTests(ITestOutputHelper output)
{
    private static int CountOf(string server, int servers) =>
        int.TryParse(Environment.GetEnvironmentVariable("MILLRACE_CACHE_HISTORIES"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count
        : server == SharedServers.Redis && servers == 1 ? 2000 : 500;

    [Theory, Trait("req", "C-05"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public Task No_history_yields_a_value_older_than_it_may(string server) => PlayAsync(server, servers: 1);

    [Theory, Trait("req", "C-16")]
    [InlineData(SharedServers.Redis, 2, false)]
    [InlineData(SharedServers.Redis, 3, false)]
    [InlineData(SharedServers.Redis, 3, true)]
    [InlineData(SharedServers.Untracked, 2, false)]
    public Task No_history_on_several_servers_yields_a_value_older_than_it_may(string server, int servers, bool areListsUnlike) =>
        PlayAsync(server, servers, areListsUnlike);

    [Fact, Trait("req", "C-16")]
    public Task No_history_on_a_cluster_yields_a_value_older_than_it_may() => PlayAsync(SharedServers.Cluster, servers: 1);

    private async Task PlayAsync(string server, int servers, bool areListsUnlike = false)
    {
        var started = await Task.WhenAll(Enumerable.Range(0, servers).Select(_ => TownServer.StartAsync(server)));
        await using var stops = new Stops(started);
        var seed = System.Security.Cryptography.RandomNumberGenerator.GetInt32(1 << 24);
        await using var town = await Town.StartAsync(started, seed, Mutation.None, areListsUnlike);
        var count = CountOf(server, servers);
        for (var i = 0; i < count && town.Violations.IsEmpty; i++)
        {
            await town.PlayAsync(seed + i);
        }

        output.WriteLine($"{count} histories from seed {seed}");
        Assert.True(town.Violations.IsEmpty, $"seed {seed}: {string.Join("; ", town.Violations.Take(1))}");
    }

    public static TheoryData<string, int> LevelsAndNumbers => [.. from server in SharedServers.Levels select (server.Data, 1), (SharedServers.Redis, 2)];

    [Theory, MemberData(nameof(LevelsAndNumbers))]
    public async Task The_model_notices_a_broken_rule(string server, int servers)
    {
        var started = await Task.WhenAll(Enumerable.Range(0, servers).Select(_ => TownServer.StartAsync(server)));
        await using var stops = new Stops(started);
        await using var town = await Town.StartAsync(started, 7, Mutation.StaleSet);
        for (var i = 0; i < 2_000 && town.Violations.IsEmpty; i++)
        {
            await town.PlayAsync(i);
        }

        output.WriteLine(town.Violations.FirstOrDefault() ?? "");
        Assert.False(town.Violations.IsEmpty, "2,000 histories have not met what the broken rule lets through.");
    }

    /// <summary>On each server, with the rules kept and the new value to be seen, and with one broken that lets the old one through.</summary>
    public static TheoryData<string, Mutation, int> With(Mutation broken) =>
        [.. from server in SharedServers.Levels from kept in (bool[])[true, false] select (server.Data, kept ? Mutation.None : broken, kept ? 2 : 1)];

    [Theory, Trait("req", "C-05"), MemberData(nameof(With), Mutation.StaleFill)]
    public async Task A_change_while_an_answer_is_on_its_way_is_seen_unless_marks_are_left(string server, Mutation mutation, int expected)
    {
        await using var started = await TownServer.StartAsync(server);
        await using var town = await Town.StartAsync(started, 13, mutation);
        await town.ReadAsync(node: 0, "k", 1);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reached = town.Hold(node: 1, held.Task);
        var read = town.ReadAsync(node: 1, "k", 1).AsTask();
        await reached;

        await town.RemoveAsync(node: 0, "k", confirmed: true); // node 1 has heard of it, and has the answer from before
        held.SetResult();

        Assert.Equal(1, await read);
        Assert.Equal(expected, await town.ReadAsync(node: 1, "k", 2));
    }

    [Theory, Trait("req", "C-05"), MemberData(nameof(With), Mutation.TrustKept)]
    public async Task A_change_while_the_connection_is_lost_is_seen_unless_trust_is_kept(string server, Mutation mutation, int expected)
    {
        await using var started = await TownServer.StartAsync(server);
        await using var town = await Town.StartAsync(started, 11, mutation);
        Assert.Equal(1, await town.ReadAsync(node: 1, "k", 1));

        await town.CutAsync("normal", meanwhile: ["DEL", town.Prefix + "k"]);

        Assert.Equal(expected, await town.ReadAsync(node: 1, "k", 2));
    }

    [Theory, Trait("req", "C-05")]
    [InlineData(SharedServers.Redis, Mutation.None, 2)]
    [InlineData(SharedServers.Untracked, Mutation.None, 2)]
    [InlineData(SharedServers.Untracked, Mutation.WordsAwaited, 1)] // the broken rule lets the node go back
    public async Task A_node_that_has_seen_a_change_before_it_is_told_does_not_go_back_to_its_copy(string server, Mutation mutation, int expected)
    {
        await using var started = await TownServer.StartAsync(server);
        await using var town = await Town.StartAsync(started, 17, mutation);
        await town.SetAsync(node: 0, "k", 1);
        await town.RemoveAsync(node: 0, "other", confirmed: true); // all that was told before has been heard
        Assert.Equal(1, await town.ReadAsync(node: 1, "k", 0));
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (server == SharedServers.Untracked)
        {
            town.HoldWords(node: 1, held.Task);
        }

        try
        {
            await town.SetAsync(node: 0, "k", 2);
            Assert.Equal(2, await town.ReadPastAsync(node: 1, "k", 0));

            Assert.Equal(expected, await town.ReadAsync(node: 1, "k", 0));
        }
        finally
        {
            held.SetResult();
        }
    }

    [Theory, Trait("req", "C-05"), MemberData(nameof(With), Mutation.WordsAwaited)]
    public async Task A_node_that_has_seen_its_own_change_before_that_has_returned_does_not_go_back(string server, Mutation mutation, int expected)
    {
        await using var started = await TownServer.StartAsync(server);
        await using var town = await Town.StartAsync(started, 19, mutation);
        await town.SetAsync(node: 0, "k", 1);
        await town.RemoveAsync(node: 0, "other", confirmed: true); // all that was told before has been heard
        var (begin, end, held) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        var removed = town.HoldRemoval(node: 1, begin.Task, end.Task);
        var removal = town.RemoveAsync(node: 1, "k", confirmed: false).AsTask();
        var reached = town.Hold(node: 1, held.Task);
        var read = town.ReadAsync(node: 1, "k", 0).AsTask();
        await reached; // it has the value from before the removal
        begin.SetResult();
        await removed;

        Assert.Equal(2, await town.ReadPastAsync(node: 1, "k", 2));

        held.SetResult();
        await read; // whatever it yields, it had begun before
        Assert.Equal(expected, await town.ReadAsync(node: 1, "k", 2));
        end.SetResult();
        await removal;
    }

    private sealed class Stops(TownServer[] servers) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }
}
