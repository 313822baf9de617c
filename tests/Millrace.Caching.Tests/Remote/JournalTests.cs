using Millrace.Caching.Remote;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote;

/// <summary>What a node owes after it has lost its server.</summary>
[Trait("req", "C-10")]
public sealed class JournalTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    public void What_was_carried_out_just_before_a_loss_is_owed_however_long_the_loss_lasts()
    {
        var journal = new Journal(_clock);
        journal.Note(JournalKind.Key, "long ago");
        _clock.Advance(TimeSpan.FromSeconds(11));
        journal.Note(JournalKind.Key, "just before");
        journal.Note(JournalKind.Tag, "t");
        _clock.Advance(TimeSpan.FromSeconds(2));
        journal.OweRecent();
        _clock.Advance(TimeSpan.FromMinutes(3));

        Assert.True(journal.IsOwing);
        var (keys, tags, patterns, everything) = journal.Take();

        Assert.Equal(["just before"], keys);
        Assert.Equal(["t"], tags);
        Assert.Empty(patterns);
        Assert.False(everything);
        Assert.False(journal.IsOwing);
        Assert.Empty(journal.Take().Keys);
    }

    [Fact]
    public void More_than_it_remembers_of_the_last_seconds_stands_for_everything()
    {
        var journal = new Journal(_clock);
        for (var i = 0; i <= Journal.Limit; i++)
        {
            journal.Note(JournalKind.Key, $"k{i}");
        }

        journal.OweRecent();
        _clock.Advance(TimeSpan.FromMinutes(3));

        Assert.True(journal.Take().Everything);
    }

    [Fact]
    public void What_is_parked_of_a_server_keeps_nobody_away_and_is_taken_for_that_server_alone()
    {
        var journal = new Journal(_clock);
        journal.Note(JournalKind.Key, "a:long ago");
        _clock.Advance(TimeSpan.FromSeconds(11));
        journal.Note(JournalKind.Key, "a:just before");
        journal.Note(JournalKind.Key, "b:just before");
        journal.Note(JournalKind.Tag, "a:tag");
        journal.Owe(JournalKind.Key, "a:owed");
        journal.Owe(JournalKind.Key, "b:owed");

        journal.ParkRecent(IsOfA);
        journal.Park("a:parked");
        journal.Park("b:parked");

        Assert.True(journal.HasParked(IsOfA));
        Assert.Equal(["a:just before", "a:owed", "a:parked"], journal.TakeParked(IsOfA).Order(StringComparer.Ordinal));
        Assert.False(journal.HasParked(IsOfA));
        Assert.Empty(journal.TakeParked(IsOfA));
        Assert.True(journal.IsOwing); // of b
        Assert.Equal(["a:just before", "b:just before", "b:owed"], journal.Take().Keys.Order(StringComparer.Ordinal));
        Assert.False(journal.IsOwing);
        Assert.Equal(["b:parked"], journal.TakeParked(static _ => true));

        static bool IsOfA(string key) => key.StartsWith("a:", StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_can_be_parked_stands_for_everything()
    {
        var journal = new Journal(_clock);
        for (var i = 0; i < Journal.Limit; i++)
        {
            journal.Park($"k{i}");
        }

        Assert.False(journal.IsOwing);
        journal.Park("one more");

        Assert.True(journal.IsOwing);
        Assert.True(journal.Take().Everything);
        Assert.Empty(journal.TakeParked(static _ => true));
    }
}
