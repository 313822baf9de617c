using Millrace.Jobs.Working;

namespace Millrace.Jobs.Tests.Working;

public sealed class TradeTurnsTests
{
    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public void A_lone_end_goes_at_once_when_no_lane_is_under_way()
    {
        var turns = new TradeTurns(share: 25);
        turns.Add();

        Assert.True(turns.WaitAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task While_a_lane_is_under_way_an_end_waits_for_its_return()
    {
        var turns = new TradeTurns(share: 25);
        turns.Go();
        turns.Add();
        var wait = turns.WaitAsync();
        Assert.False(wait.IsCompleted);

        turns.Return();

        await wait.WaitAsync(TimeSpan.FromSeconds(30), None);
    }

    [Fact]
    public async Task While_a_lane_is_under_way_as_many_ends_as_make_a_share_go()
    {
        var turns = new TradeTurns(share: 3);
        turns.Go();
        turns.Add();
        var wait = turns.WaitAsync();
        turns.Add();
        Assert.False(wait.IsCompleted);

        turns.Add();

        await wait.WaitAsync(TimeSpan.FromSeconds(30), None);
        turns.Take(3);
        Assert.False(turns.WaitAsync().IsCompleted);
    }
}
