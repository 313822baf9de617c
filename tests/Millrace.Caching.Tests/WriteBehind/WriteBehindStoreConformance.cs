using System.Text;
using Millrace.Caching.WriteBehind;
using Millrace.TestKit;

namespace Millrace.Caching.Tests;

/// <summary>What every store of pending writes does; run by each. Times are an hour away or over at once, so that no clock matters.</summary>
[Trait("req", "C-15")]
public abstract class WriteBehindStoreConformance : IAsyncLifetime
{
    private protected static readonly StoreLimits Roomy = new(1_000, 1 << 20, 100);
    private const string Name = "conformance";

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly CancellationToken None = CancellationToken.None;

    private WriteBehindStore _store = null!;

    public async ValueTask InitializeAsync() => _store = await OpenAsync(Roomy, Name);

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_write_is_found_and_claimed_with_its_value()
    {
        var appended = await Append("a", "1");

        Assert.Equal(AppendStatus.Added, appended.Status);
        Assert.Equal("1", await Find("a"));
        var write = Assert.Single((await Claim("me")).Writes);
        Assert.Equal(("a", appended.Sequence, 0, "1"), (write.Key, write.Sequence, write.Attempts, Text(write.Payload)));
        Assert.Null(await Find("b"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ключ:значение 鍵")]
    [InlineData("12:3:45:with colons")]
    public async Task Any_bytes_and_any_key_come_back_as_they_were(string text)
    {
        byte[] payload = [.. Encoding.UTF8.GetBytes(text), 0, 1, 10, 13, 58, 255];
        await _store.AppendAsync(3, "k" + text, payload, null, TimeSpan.Zero, None);

        Assert.Equal(payload, (await _store.FindAsync(3, "k" + text, None))!.Value.Payload.ToArray());
        var claim = await _store.ClaimAsync(3, "me", Hour, 10, early: false, None);
        Assert.Equal(("k" + text, Convert.ToHexString(payload)), (claim.Writes[0].Key, Convert.ToHexString(claim.Writes[0].Payload.Span)));
        await _store.FinishAsync(3, "me", claim.Fence, [Dead("k" + text, claim.Writes[0].Sequence, "why: " + text)], None);
        var dead = Assert.Single(await _store.ListDeadAsync(3, 10, None));
        Assert.Equal(("k" + text, "why: " + text, Convert.ToHexString(payload)), (dead.Key, dead.Reason, Convert.ToHexString(dead.Payload.Span)));
    }

    [Fact]
    public async Task A_newer_write_takes_the_place_of_the_pending_one_and_its_place_in_the_line()
    {
        await Append("a", "1");
        await Append("b", "2");
        var last = await Append("a", "3");

        Assert.Equal(AppendStatus.Replaced, last.Status);
        var claim = await Claim("me");
        Assert.Equal(["a=3", "b=2"], claim.Writes.Select(Show).Order());
        Assert.Equal(2, claim.Counts.Pending);
    }

    [Fact]
    public async Task Numbers_grow_also_over_a_restart_and_when_nothing_is_pending()
    {
        var numbers = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            numbers.Add((await Append("a", "1")).Sequence);
            numbers.Add((await Append("b", "1")).Sequence);
            var claim = await Claim("me");
            await Finish(claim, [.. claim.Writes.Select(write => Done(write.Key, write.Sequence))]);
        }

        await ReopenAsync();
        numbers.Add((await Append("a", "1")).Sequence);
        Assert.Equal(numbers.Order().Distinct(), numbers);
    }

    [Fact]
    public async Task A_write_that_is_not_due_is_not_claimed_unless_early()
    {
        await Append("a", "1", Hour);
        await Append("b", "2");

        var claim = await Claim("me");
        Assert.Equal(["b=2"], claim.Writes.Select(Show));
        Assert.InRange(claim.Next!.Value, TimeSpan.FromMinutes(59), Hour);
        Assert.Equal(["a=1", "b=2"], (await Claim("me", early: true)).Writes.Select(Show).Order());
    }

    [Fact]
    public async Task A_claim_is_bounded_and_says_when_more_is_due()
    {
        foreach (var key in new[] { "a", "b", "c" })
        {
            await Append(key, "1");
        }

        var claim = await Claim("me", maximum: 2);
        Assert.Equal((2, TimeSpan.Zero), (claim.Writes.Count, claim.Next!.Value));
        Assert.Null((await Claim("me", maximum: 3)).Next);
    }

    [Fact]
    public async Task A_claim_takes_nothing_away()
    {
        await Append("a", "1");

        await Claim("me");
        Assert.Single((await Claim("me")).Writes);
    }

    [Fact]
    public async Task A_partition_has_one_owner_until_its_lease_is_over_or_released()
    {
        var mine = await Claim("me");
        Assert.True(mine is { IsOwner: true, IsNew: true });
        Assert.True(await Claim("me") is { IsOwner: true, IsNew: false } again && again.Fence == mine.Fence);
        var other = await Claim("other");
        Assert.False(other.IsOwner);
        Assert.InRange(other.Next!.Value, TimeSpan.FromMinutes(59), Hour);

        await _store.ReleaseAsync(0, "me", mine.Fence, None);
        var theirs = await Claim("other");
        Assert.True(theirs is { IsOwner: true, IsNew: true } && theirs.Fence > mine.Fence);
    }

    [Fact]
    public async Task An_owner_whose_lease_is_over_is_replaced_and_can_do_nothing_any_more()
    {
        var written = await Append("a", "1");
        var mine = await Claim("me", lease: TimeSpan.FromMilliseconds(1));
        var theirs = await TakeOverAsync();

        Assert.True(theirs.Fence > mine.Fence);
        Assert.False(await Finish(mine, Done("a", written.Sequence)));
        Assert.False(await _store.RenewAsync(0, "me", mine.Fence, Hour, None));
        await _store.ReleaseAsync(0, "me", mine.Fence, None);
        Assert.False((await Claim("me")).IsOwner);
        Assert.Equal("1", await Find("a"));
        Assert.True(await _store.FinishAsync(0, "other", theirs.Fence, [Done("a", written.Sequence)], None));
        Assert.Null(await Find("a"));
    }

    [Fact]
    public async Task A_renewed_lease_keeps_others_out()
    {
        var mine = await Claim("me", lease: TimeSpan.FromMinutes(1));

        Assert.True(await _store.RenewAsync(0, "me", mine.Fence, Hour, None));
        Assert.InRange((await Claim("other")).Next!.Value, TimeSpan.FromMinutes(59), Hour);
    }

    [Fact]
    public async Task An_owner_without_a_lease_left_stays_owner_while_nobody_else_came()
    {
        await Append("a", "1");
        var mine = await Claim("me", lease: TimeSpan.FromMilliseconds(1));

        Assert.True(await Finish(mine, Done("a", mine.Writes[0].Sequence)));
        Assert.Equal(mine.Fence, (await Claim("me")).Fence);
    }

    [Fact]
    public async Task Done_takes_away_what_was_claimed_and_leaves_what_came_since()
    {
        await Append("a", "1");
        var first = await Claim("me");
        await Append("a", "2");
        Assert.True(await Finish(first, new WriteOutcome(OutcomeKind.Done, "a", first.Writes[0].Sequence, Hour, "")));

        Assert.Equal("2", await Find("a"));
        Assert.Empty((await Claim("me")).Writes); // due after the outcome's delay, so that it can be replaced too
        var second = await Claim("me", early: true);
        Assert.True(await Finish(second, Done("a", second.Writes[0].Sequence)));
        Assert.Equal(default, await Counts());
        Assert.True(await Finish(second, Done("a", second.Writes[0].Sequence))); // repeated
    }

    [Fact]
    public async Task A_refused_write_is_due_again_after_its_delay_and_counts_its_attempts()
    {
        await Append("a", "1");
        var claim = await Claim("me");
        await Finish(claim, Retry("a", claim.Writes[0].Sequence, Hour));
        Assert.Empty((await Claim("me")).Writes);
        claim = await Claim("me", early: true);
        Assert.Equal(1, claim.Writes[0].Attempts);
        await Finish(claim, Retry("a", claim.Writes[0].Sequence, TimeSpan.Zero));

        var write = Assert.Single((await Claim("me")).Writes);
        Assert.Equal((2, "1"), (write.Attempts, Text(write.Payload)));
    }

    [Fact]
    public async Task A_newer_write_begins_its_attempts_anew_and_waits_as_the_refused_one_would()
    {
        await Append("a", "1");
        var claim = await Claim("me");
        await Append("a", "2");
        await Finish(claim, Retry("a", claim.Writes[0].Sequence, Hour));

        Assert.Empty((await Claim("me")).Writes);
        var write = Assert.Single((await Claim("me", early: true)).Writes);
        Assert.Equal((0, "2"), (write.Attempts, Text(write.Payload)));
    }

    [Fact]
    public async Task A_dead_write_is_kept_until_it_is_replayed_or_discarded()
    {
        var written = await Append("a", "1");
        await Bury("a");

        Assert.Null(await Find("a"));
        var dead = Assert.Single(await _store.ListDeadAsync(0, 10, None));
        Assert.Equal(("a", written.Sequence, 1, "poison", "1"), (dead.Key, dead.Sequence, dead.Attempts, dead.Reason, Text(dead.Payload)));
        Assert.Equal((0, 0, 1), (await Counts() is var c ? c.Pending : 0, c.Bytes, c.Dead));

        Assert.Equal(ReplayStatus.Replayed, await _store.ReplayAsync(0, "a", None));
        Assert.Equal(ReplayStatus.Missing, await _store.ReplayAsync(0, "a", None));
        var again = Assert.Single((await Claim("me")).Writes);
        Assert.Equal((0, "1"), (again.Attempts, Text(again.Payload)));
        Assert.True(again.Sequence > written.Sequence);

        await Bury("a");
        Assert.True(await _store.DiscardAsync(0, "a", None));
        Assert.False(await _store.DiscardAsync(0, "a", None));
        Assert.Equal(default, await Counts());
    }

    [Fact]
    public async Task A_dead_write_never_comes_back_over_a_newer_one()
    {
        await Append("a", "1");
        await Bury("a");
        await Append("a", "2");
        Assert.Equal(ReplayStatus.Superseded, await _store.ReplayAsync(0, "a", None));
        Assert.Empty(await _store.ListDeadAsync(0, 10, None));

        await Bury("a");
        await Append("a", "3");
        var claim = await Claim("me");
        await Finish(claim, Done("a", claim.Writes[0].Sequence)); // the source has 3
        Assert.Equal(ReplayStatus.Missing, await _store.ReplayAsync(0, "a", None));
        Assert.Equal(default, await Counts());
    }

    [Fact]
    public async Task A_write_that_was_replaced_while_it_died_does_not_die()
    {
        await Append("a", "1");
        var claim = await Claim("me");
        await Append("a", "2");
        await Finish(claim, Dead("a", claim.Writes[0].Sequence, "poison"));

        Assert.Empty(await _store.ListDeadAsync(0, 10, None));
        Assert.Equal("2", await Find("a"));
    }

    [Fact]
    public async Task Where_there_is_no_room_for_the_dead_they_stay_pending()
    {
        await ReopenAsync(Roomy with { Dead = 1 });
        await Append("a", "1");
        await Append("b", "2");
        var claim = await Claim("me");
        await Finish(claim, [.. claim.Writes.Select(write => Dead(write.Key, write.Sequence, "poison"))]);

        Assert.Equal((1, 1), ((await Counts()).Pending, (await Counts()).Dead));
        var left = Assert.Single((await Claim("me", early: true)).Writes);
        Assert.Equal(1, left.Attempts);
    }

    [Fact]
    public async Task A_full_partition_takes_no_further_key_but_newer_writes_of_those_it_has()
    {
        await ReopenAsync(new StoreLimits(2, 1 << 20, 10));
        await Append("a", "1");
        await Append("b", "1");

        Assert.Equal(AppendStatus.Full, (await Append("c", "1")).Status);
        Assert.Null(await Find("c"));
        Assert.Equal(AppendStatus.Replaced, (await Append("a", "2")).Status);
        var claim = await Claim("me");
        await Finish(claim, Done("b", claim.Writes.Single(static write => write.Key == "b").Sequence));
        Assert.Equal(AppendStatus.Added, (await Append("c", "1")).Status);
    }

    [Fact]
    public async Task Bytes_are_bounded_and_come_free()
    {
        var weight = WriteBehindStore.Weigh(1, 100);
        await ReopenAsync(new StoreLimits(100, 2 * weight, 10));
        await Append("a", new string('x', 100));
        await Append("b", new string('x', 100));
        Assert.Equal((2, 2 * weight), ((await Counts()).Pending, (await Counts()).Bytes));

        Assert.Equal(AppendStatus.Full, (await Append("c", "")).Status);
        Assert.Equal(AppendStatus.Full, (await Append("a", new string('x', 101))).Status);
        Assert.Equal(AppendStatus.Replaced, (await Append("a", "")).Status);
        Assert.Equal(2 * weight - 100, (await Counts()).Bytes);
        await Bury("b");
        Assert.Equal(weight - 100, (await Counts()).Bytes);
        await Append("d", new string('x', 100));
        Assert.Equal(ReplayStatus.Full, await _store.ReplayAsync(0, "b", None));
        Assert.Single(await _store.ListDeadAsync(0, 10, None));
    }

    [Fact]
    public async Task A_write_that_expects_another_pending_one_is_not_kept()
    {
        Assert.Equal(AppendStatus.Conflict, (await Append("a", "1", expected: 7)).Status);
        Assert.Null(await Find("a"));
        var first = await Append("a", "1", expected: 0);
        Assert.Equal(AppendStatus.Added, first.Status);
        Assert.Equal(AppendStatus.Conflict, (await Append("a", "2", expected: 0)).Status);
        Assert.Equal(AppendStatus.Replaced, (await Append("a", "2", expected: first.Sequence)).Status);
        Assert.Equal("2", await Find("a"));
    }

    [Fact]
    public async Task Pending_keys_are_listed_by_pages()
    {
        for (var i = 0; i < 7; i++)
        {
            await Append($"k{i}", "1", i % 2 == 0 ? Hour : TimeSpan.Zero);
        }

        var keys = new List<string>();
        for (var skip = 0; skip < 7; skip += 3)
        {
            keys.AddRange(await _store.ListPendingAsync(0, skip, 3, None));
        }

        Assert.Equal(Enumerable.Range(0, 7).Select(static i => $"k{i}"), keys.Order());
    }

    [Fact]
    public async Task Everything_is_there_after_the_store_is_opened_again()
    {
        await Append("a", "1");
        await Bury("a");
        await Append("b", "2");
        var before = await Claim("me");
        await ReopenAsync();

        Assert.Equal("2", await Find("b"));
        Assert.Single(await _store.ListDeadAsync(0, 10, None));
        Assert.Equal(before.Fence, (await Claim("me")).Fence);
    }

    [Fact]
    public async Task Partitions_and_names_know_nothing_of_each_other()
    {
        await Append("a", "1");
        await _store.AppendAsync(1, "a", "2"u8.ToArray(), null, TimeSpan.Zero, None);
        await using var other = await OpenAsync(Roomy, "other");

        Assert.Null(await other.FindAsync(0, "a", None));
        Assert.Equal("2", Text((await _store.FindAsync(1, "a", None))!.Value.Payload));
        Assert.Equal(1, (await Counts()).Pending);
    }

    [Fact]
    public async Task Writes_from_all_sides_get_numbers_in_the_order_in_which_they_count()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i => (Value: $"{i}", Sequence: (await Append("hot", $"{i}")).Sequence)));

        Assert.Equal(200, results.Select(static result => result.Sequence).Distinct().Count());
        Assert.Equal(results.MaxBy(static result => result.Sequence).Value, await Find("hot"));
        Assert.Equal((1, (long)WriteBehindStore.Weigh(3, (await Find("hot"))!.Length)), ((await Counts()).Pending, (await Counts()).Bytes));
    }

    [Fact]
    public async Task A_cancelled_call_gives_up()
    {
        var gone = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.AppendAsync(0, "a", new byte[1], null, TimeSpan.Zero, gone));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.FindAsync(0, "a", gone));
        Assert.Null(await Find("a"));
    }

    /// <summary>Opens a store of that name on what this test has, and makes it ready.</summary>
    private protected abstract Task<WriteBehindStore> OpenAsync(StoreLimits limits, string name);

    /// <summary>Removes what this test had.</summary>
    protected abstract ValueTask CloseAsync();

    /// <summary>Whether <see cref="OpenAsync"/> brings a store with what an earlier one kept.</summary>
    protected virtual bool Survives => true;

    private static string Text(ReadOnlyMemory<byte> payload) => Encoding.UTF8.GetString(payload.Span);

    private static string Show(PendingWrite write) => $"{write.Key}={Text(write.Payload)}";

    private static WriteOutcome Done(string key, long sequence) => new(OutcomeKind.Done, key, sequence, TimeSpan.Zero, "");

    private static WriteOutcome Retry(string key, long sequence, TimeSpan delay) => new(OutcomeKind.Retry, key, sequence, delay, "");

    private static WriteOutcome Dead(string key, long sequence, string reason) => new(OutcomeKind.Dead, key, sequence, TimeSpan.Zero, reason);

    private async Task ReopenAsync(StoreLimits? limits = null)
    {
        if (!Survives && limits is null)
        {
            return; // there is nothing to open again; what the test says must hold on the store as it is
        }

        await _store.DisposeAsync();
        _store = await OpenAsync(limits ?? Roomy, Name);
    }

    private async Task<ClaimResult> TakeOverAsync()
    {
        var claim = ClaimResult.OwnedByAnother(TimeSpan.Zero);
        await Poll.UntilAsync(
            async () =>
            {
                Pass();
                claim = await Claim("other");
                return claim.IsOwner ? null : "the lease is not over";
            },
            "another owner takes over");
        return claim;
    }

    /// <summary>Lets a little time pass, where the store's clock is the test's.</summary>
    protected virtual void Pass()
    {
    }

    private ValueTask<AppendResult> Append(string key, string value, TimeSpan delay = default, long? expected = null) =>
        _store.AppendAsync(0, key, Encoding.UTF8.GetBytes(value), expected, delay, None);

    private async Task<string?> Find(string key) => await _store.FindAsync(0, key, None) is { } found ? Text(found.Payload) : null;

    private ValueTask<ClaimResult> Claim(string owner, bool early = false, int maximum = 100, TimeSpan? lease = null) =>
        _store.ClaimAsync(0, owner, lease ?? Hour, maximum, early, None);

    private ValueTask<bool> Finish(ClaimResult claim, params WriteOutcome[] outcomes) => _store.FinishAsync(0, "me", claim.Fence, outcomes, None);

    private ValueTask<PartitionCounts> Counts() => CountsAsync();

    private async ValueTask<PartitionCounts> CountsAsync() => (await _store.CountAsync(0, None)) with { OldestAge = default };

    private async Task Bury(string key)
    {
        var claim = await Claim("me", early: true);
        Assert.True(await Finish(claim, Dead(key, claim.Writes.Single(write => write.Key == key).Sequence, "poison")));
    }
}
