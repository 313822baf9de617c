using Millrace.Jobs.Executing;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Executing;

public sealed class DeadlinesTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    public void Each_attempt_is_stopped_when_its_own_time_is_over()
    {
        using var deadlines = new Deadlines(_clock);
        using var late = Attempt("late");
        using var soon = Attempt("soon");
        using var ended = Attempt("ended");
        deadlines.Add(late, TimeSpan.FromMinutes(2));
        deadlines.Add(soon, TimeSpan.FromMinutes(1));
        deadlines.Add(ended, TimeSpan.FromMinutes(1));
        deadlines.Remove(ended);

        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal([StopReason.None, StopReason.None, StopReason.None], [late.Reason, soon.Reason, ended.Reason]);

        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([StopReason.None, StopReason.TimedOut, StopReason.None], [late.Reason, soon.Reason, ended.Reason]);

        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal([StopReason.TimedOut, StopReason.TimedOut, StopReason.None], [late.Reason, soon.Reason, ended.Reason]);
    }

    [Fact]
    public void An_attempt_that_begins_after_all_others_have_been_stopped_has_a_time_too()
    {
        using var deadlines = new Deadlines(_clock);
        using var first = Attempt("first");
        using var second = Attempt("second");
        deadlines.Add(first, TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(2));
        deadlines.Add(second, TimeSpan.FromHours(1));

        _clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal([StopReason.TimedOut, StopReason.TimedOut], [first.Reason, second.Reason]);
    }

    private Execution Attempt(string id) => new(new ClaimedJob
    {
        Id = id,
        Queue = "default",
        Type = "work",
        Payload = default,
        Token = 1,
        Attempt = 1,
        MaxAttempts = 1,
        CreatedAt = _clock.GetUtcNow(),
        DueAt = _clock.GetUtcNow(),
        StartedAt = _clock.GetUtcNow(),
    });
}
