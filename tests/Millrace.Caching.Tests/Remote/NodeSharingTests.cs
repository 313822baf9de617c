using Millrace.Caching.Tests.Sharing;

namespace Millrace.Caching.Tests.Remote;

/// <summary>What nodes on one server see of each other.</summary>
public sealed class NodeSharingTests(SharedServers servers)
{
    public static TheoryData<string, string> WhatAndWhere =>
        [.. from what in (string[])["pattern", "everything", "tag", "key"] from server in SharedServers.Levels select (what, server.Data)];

    [Theory, Trait("req", "C-01"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task What_one_node_has_read_the_other_finds(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);

        Assert.Equal("one", await pair.A.ReadAsync("k", static () => "one"));

        Assert.Equal("one", await pair.B.FindAsync("k"));
        Assert.Equal(1, pair.B.GetStatistics().RemoteHits);
    }

    [Theory, Trait("req", "C-05"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_removal_reaches_the_copy_of_the_other_node(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        await pair.A.ReadAsync("k", static () => "one");
        await pair.B.FindAsync("k");

        await pair.A.RemoveAsync("k", Node.Token);

        await pair.B.UntilAsync("k", "SOURCE");
    }

    [Theory, Trait("req", "C-05")]
    [InlineData("DEL")]
    [InlineData("SET")]
    [InlineData("EXPIRE")]
    public async Task A_foreign_client_reaches_both_copies(string command)
    {
        await using var pair = await Pair.StartAsync(servers, SharedServers.Redis);
        await pair.A.ReadAsync("k", static () => "one");
        await pair.B.FindAsync("k");

        await servers.CommandAsync(SharedServers.Redis, [command, pair.Prefix + "k", .. command == "SET" ? ["by hand"] : command == "EXPIRE" ? (string[])["0"] : []]);

        await pair.A.UntilAsync("k", "SOURCE");
        await pair.B.UntilAsync("k", "SOURCE");
    }

    [Theory, Trait("req", "C-05"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task The_node_that_filled_a_key_is_told_of_changes_too(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        await pair.A.ReadAsync("k", static () => "one");
        Assert.True(pair.A.TryGet<string>("k", out _));

        await pair.B.SetAsync("k", "two", CachePolicies.Medium, cancellationToken: Node.Token);

        await pair.A.UntilAsync("k", "two");
        Assert.True(pair.B.TryGet<string>("k", out var own));
        Assert.Equal("two", own);
        await pair.A.SetAsync("k", "three", CachePolicies.Medium, cancellationToken: Node.Token);
        await pair.B.UntilAsync("k", "three");
    }

    [Theory, Trait("req", "C-10"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_tag_reaches_the_other_node_and_the_second_level(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        await pair.A.ReadAsync("k", static () => "one", "t");
        await pair.A.ReadAsync("other", static () => "stays", "u");
        await pair.B.ReadAsync("k", static () => "SOURCE", "t");

        await pair.A.RemoveByTagAsync("t", Node.Token);

        await pair.B.UntilAsync("k", "SOURCE");
        Assert.Equal("stays", await pair.B.FindAsync("other"));
    }

    [Theory, Trait("req", "C-10"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_node_that_starts_later_knows_what_was_invalidated_before(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        await pair.A.ReadAsync("tagged", static () => "one", "t");
        await pair.A.ReadAsync("user:42:name", static () => "one");
        await pair.A.ReadAsync("kept", static () => "one", "u");
        await pair.A.RemoveByTagAsync("t", Node.Token);
        await pair.A.RemoveByPatternAsync("user:42:*", Node.Token);

        await using var late = await Node.StartAsync(await servers.AddressAsync(server), o => o.KeyPrefix = pair.Prefix);

        Assert.Equal("SOURCE", await late.FindAsync("tagged"));
        Assert.Equal("SOURCE", await late.FindAsync("user:42:name"));
        Assert.Equal("one", await late.FindAsync("kept"));
        await late.InvalidateAllAsync(Node.Token);
        await using var later = await Node.StartAsync(await servers.AddressAsync(server), o => o.KeyPrefix = pair.Prefix);
        Assert.Equal("SOURCE", await later.FindAsync("kept"));
    }

    [Theory, Trait("req", "C-10"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task Patterns_and_everything_reach_the_other_node(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        await pair.A.ReadAsync("user:42:name", static () => "one");
        await pair.A.ReadAsync("user:43:name", static () => "one");
        await pair.B.FindAsync("user:42:name");
        await pair.B.FindAsync("user:43:name");

        await pair.A.RemoveByPatternAsync("user:42:*", Node.Token);

        await pair.B.UntilAsync("user:42:name", "SOURCE");
        Assert.True(pair.B.TryGet<string>("user:43:name", out _));
        await pair.A.InvalidateAllAsync(Node.Token);
        await pair.B.UntilAsync("user:43:name", "SOURCE");
    }

    [Theory, Trait("req", "C-10"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_confirmed_invalidation_returns_when_no_node_has_a_copy(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        for (var i = 0; i < 50; i++)
        {
            await pair.A.ReadAsync("k", static () => "one", "t");
            while (!pair.B.TryGet<string>("k", out _))
            {
                await pair.B.ReadAsync("k", static () => "one", "t"); // the server's word of the last round's removal may come late, and costs a copy
            }

            switch (i % 4)
            {
                case 0:
                    await pair.A.RemoveAsync(["k"], confirmed: true, Node.Token);
                    break;
                case 1:
                    await pair.A.RemoveByTagAsync(["t"], confirmed: true, Node.Token);
                    break;
                case 2:
                    await pair.A.RemoveByPatternAsync("k*", confirmed: true, Node.Token);
                    break;
                default:
                    await pair.A.InvalidateAllAsync(confirmed: true, Node.Token);
                    break;
            }

            Assert.False(pair.B.TryGet<string>("k", out _), $"round {i}");
        }
    }

    [Theory, Trait("req", "C-03"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task Ten_thousand_callers_on_three_nodes_run_the_source_once(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        await using var third = await Node.StartAsync(await servers.AddressAsync(server), o => o.KeyPrefix = pair.Prefix);
        var runs = 0;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cache[] nodes = [pair.A, pair.B, third];

        var reads = Enumerable.Range(0, 10_000).Select(i => nodes[i % 3].GetOrCreateAsync(
            "cold",
            async _ =>
            {
                Interlocked.Increment(ref runs);
                await gate.Task;
                return "value";
            },
            CachePolicies.Medium,
            cancellationToken: Node.Token).AsTask()).ToArray();
        await TestKit.Poll.UntilAsync(
            () => Task.FromResult(nodes.Sum(static node => node.GetStatistics().LeaseWaits) >= 2 ? null : "nobody waits"), "two nodes wait for the third");
        gate.SetResult();

        Assert.All(await Task.WhenAll(reads), static value => Assert.Equal("value", value));
        Assert.Equal(1, runs);
    }

    [Theory, Trait("req", "C-04"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_value_read_before_a_removal_on_another_node_is_stored_nowhere(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var read = pair.A.GetOrCreateAsync(
            "k",
            async _ => started.TrySetResult() ? await source.Task : "SOURCE",
            CachePolicies.Medium,
            ["t"],
            Node.Token).AsTask();
        await started.Task;

        await pair.B.RemoveAsync("k", Node.Token);
        source.SetResult("old");

        Assert.Equal("SOURCE", await read); // it was overtaken, and read again
        Assert.Equal("SOURCE", await pair.A.FindAsync("k"));
    }

    [Theory, Trait("req", "C-04"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_value_read_before_its_tag_was_invalidated_on_another_node_is_stored_nowhere(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var read = pair.A.GetOrCreateAsync(
            "k",
            async _ => started.TrySetResult() ? await source.Task : "SOURCE",
            CachePolicies.Medium,
            ["t"],
            Node.Token).AsTask();
        await started.Task;

        await pair.B.RemoveByTagAsync("t", Node.Token);
        source.SetResult("old");

        Assert.Equal("SOURCE", await read); // it was overtaken, and read again
        Assert.Equal("SOURCE", await pair.B.ReadAsync("k", static () => "SOURCE", "t"));
        await pair.A.UntilAsync("k", "SOURCE");
    }

    [Theory, Trait("req", "C-03"), MemberData(nameof(WhatAndWhere))]
    public async Task A_reader_whose_value_was_invalidated_meanwhile_leaves_nobody_waiting(string what, string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var read = pair.A.GetOrCreateAsync(
            "k",
            async _ => started.TrySetResult() ? await source.Task : "SOURCE",
            CachePolicies.Medium,
            ["t"],
            Node.Token).AsTask();
        await started.Task;
        await (what switch
        {
            "pattern" => pair.B.RemoveByPatternAsync("k*", Node.Token).AsTask(),
            "everything" => pair.B.InvalidateAllAsync(Node.Token).AsTask(),
            "tag" => pair.B.RemoveByTagAsync("t", Node.Token).AsTask(),
            _ => pair.B.RemoveAsync("k", Node.Token).AsTask(),
        });
        var onA = pair.A.ReadAsync("k", static () => "SOURCE", "t").AsTask();
        var onB = pair.B.ReadAsync("k", static () => "SOURCE", "t").AsTask();

        source.SetResult("old");

        await read;
        Assert.Equal("SOURCE", await onB.WaitAsync(TimeSpan.FromSeconds(5), Node.Token)); // long before the lease ends
        await onA.WaitAsync(TimeSpan.FromSeconds(5), Node.Token);
    }

    [Theory, Trait("req", "C-03"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_reader_whose_source_fails_gives_its_place_to_the_next(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var failing = pair.A.GetOrCreateAsync<string>(
            "k",
            async _ =>
            {
                started.SetResult();
                await gate.Task;
                throw new InvalidOperationException("no source");
            },
            CachePolicies.Medium,
            cancellationToken: Node.Token).AsTask();
        await started.Task;
        var waiting = pair.B.FindAsync("k").AsTask();
        await TestKit.Poll.UntilAsync(() => Task.FromResult(pair.B.GetStatistics().LeaseWaits >= 1 ? null : "it does not wait"), "the other node waits");

        gate.SetResult();

        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
        Assert.Equal("SOURCE", await waiting.WaitAsync(TimeSpan.FromSeconds(5), Node.Token)); // long before the lease ends
    }

    [Theory, Trait("req", "C-03"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task The_lease_of_a_reader_that_died_ends_and_a_slow_one_is_overtaken_and_never_stores(string server)
    {
        var prefix = SharedServers.Prefix();
        await using var a = await Node.StartAsync(await servers.AddressAsync(server), o => (o.KeyPrefix, o.Redis.LeaseDuration) = (prefix, TimeSpan.FromMilliseconds(300)));
        await using var b = await Node.StartAsync(await servers.AddressAsync(server), o => (o.KeyPrefix, o.Redis.LeaseDuration) = (prefix, TimeSpan.FromMilliseconds(300)));
        var slow = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var read = a.GetOrCreateAsync(
            "k",
            async _ => started.TrySetResult() ? await slow.Task : "SOURCE",
            CachePolicies.Medium,
            cancellationToken: Node.Token).AsTask();
        await started.Task;

        Assert.Equal("overtaker", await b.ReadAsync("k", static () => "overtaker"));
        slow.SetResult("slow");

        Assert.Equal("overtaker", await read);
        Assert.Equal("overtaker", await b.FindAsync("k"));
    }

    [Theory, Trait("req", "C-13"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task What_cannot_be_read_is_a_miss_and_is_overwritten(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        foreach (var (i, foreign) in new[] { "hello", "", new string('x', 100), "\u00C5\u0001" }.Index())
        {
            await servers.CommandAsync(server, "SET", $"{pair.Prefix}k{i}", foreign);

            Assert.Equal($"v{i}", await pair.A.ReadAsync($"k{i}", () => $"v{i}"));
            Assert.Equal($"v{i}", await pair.B.FindAsync($"k{i}"));
        }

        await servers.CommandAsync(server, "LPUSH", pair.Prefix + "list", "x");
        Assert.Equal("value", await pair.A.ReadAsync("list", static () => "value"));
    }

    [Theory, Trait("req", "C-13"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_type_of_another_shape_reads_no_old_payload(string server)
    {
        await using var pair = await Pair.StartAsync(servers, server);
        await pair.A.GetOrCreateAsync("k", static _ => ValueTask.FromResult(new First("a")), CachePolicies.Medium, cancellationToken: Node.Token);

        var read = await pair.B.GetOrCreateAsync("k", static _ => ValueTask.FromResult(new Second("b", 2)), CachePolicies.Medium, cancellationToken: Node.Token);

        Assert.Equal(new Second("b", 2), read);
    }

    private sealed record First(string Name);

    private sealed record Second(string Name, int Age);
}
