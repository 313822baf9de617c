namespace Millrace.Jobs.Tests.Working;

public sealed class RunningTests
{
    [Fact, Trait("req", "J-01")]
    public async Task An_enqueue_wakes_an_idle_worker()
    {
        await using var engine = await Engine.StartAsync();
        await engine.Clock.WaitForTimersAsync(4).WaitAsync(Engine.Guard); // fetch, heartbeat, sweep, schedules: all asleep for an hour

        var id = await engine.Client.EnqueueAsync(new Work("a"));

        await engine.ReachesAsync(id, JobState.Completed);
        Assert.Equal(1, (await engine.GetAsync(id)).Attempt);
    }
}
