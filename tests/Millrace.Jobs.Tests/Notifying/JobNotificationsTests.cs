using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Enqueueing;
using Millrace.Jobs.Notifying;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Notifying;

public sealed class JobNotificationsTests
{
    private readonly ChangeRecorder _recorder = new();
    private readonly JobMetrics _metrics = new(new JobRegistry([]));
    private readonly JobNotifications _notifications;

    public JobNotificationsTests()
    {
        var services = new ServiceCollection().AddSingleton<IJobObserver>(_recorder).BuildServiceProvider();
        _notifications = new JobNotifications(services, new FakeClock(), _metrics, NullLogger<JobNotifications>.Instance);
    }

    [Fact, Trait("req", "J-07")]
    public async Task What_the_holder_tells_goes_first()
    {
        using (var hold = _notifications.Hold(["a"]))
        {
            _notifications.Publish(Change("a", JobState.Running));
            _notifications.Publish(Change("b", JobState.Running));
            hold.Publish(Change("a", JobState.Waiting));
        }

        _notifications.Publish(Change("a", JobState.Completed));
        await DrainAsync();

        Assert.Equal([JobState.Waiting, JobState.Running, JobState.Completed], _recorder.Changes.Where(static change => change.Id == "a").Select(static change => change.State!.Value));
        Assert.Equal(4, _recorder.Changes.Count);
    }

    [Fact, Trait("req", "J-07")]
    public async Task A_second_holder_waits_for_the_first()
    {
        var enqueuer = _notifications.Hold(["a"]);
        using (var finisher = _notifications.Hold(["a"]))
        {
            finisher.Publish(Change("a", JobState.Completed));
        }

        enqueuer.Publish(Change("a", JobState.Waiting));
        enqueuer.Dispose();
        await DrainAsync();

        Assert.Equal([JobState.Waiting, JobState.Completed], _recorder.Changes.Select(static change => change.State!.Value));
    }

    [Fact, Trait("req", "J-07")]
    public async Task Beyond_the_bound_the_oldest_are_dropped_and_counted()
    {
        for (var n = 0; n < JobNotifications.Capacity + 5; n++)
        {
            _notifications.Publish(Change($"{n}", JobState.Waiting));
        }

        await DrainAsync();

        Assert.Equal(JobNotifications.Capacity, _recorder.Changes.Count);
        Assert.Equal("5", _recorder.Changes[0].Id);
        Assert.Equal(5, _metrics.Snapshot([]).DroppedNotifications);
    }

    private static JobChange Change(string id, JobState state) => new() { Id = id, Queue = "q", Type = "t", State = state, At = default };

    private async Task DrainAsync()
    {
        _notifications.Complete();
        await _notifications.RunAsync(CancellationToken.None).WaitAsync(Engine.Guard);
    }
}
