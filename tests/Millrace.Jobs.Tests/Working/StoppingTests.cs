using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Working;

public sealed class StoppingTests
{
    [Fact, Trait("req", "J-09")]
    public async Task A_stop_lets_running_jobs_end_and_claims_no_more()
    {
        var gate = new Gate();
        await using var engine = await Engine.StartAsync(options: static options => options.DefaultConcurrency = 1, run: (_, _, stop) => gate.WaitAsync(stop));
        var running = await engine.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(running, JobState.Running);
        var waiting = await engine.Client.EnqueueAsync(new Work("b"));

        var stop = engine.StopAsync();
        await Turn.UntilAsync(() => engine.Logs.Count(2001) == 1); // nothing is claimed from here
        Assert.False(stop.IsCompleted);
        gate.Open();
        await stop;

        Assert.Equal(JobState.Completed, (await engine.GetAsync(running)).State);
        Assert.Equal(JobState.Waiting, (await engine.GetAsync(waiting)).State);
        Assert.Empty(await engine.Client.GetWorkersAsync());
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_program_and_the_factory_that_started_it_may_both_stop_the_engine_at_once_and_after_its_disposal()
    {
        var gate = new Gate();
        await using var engine = await Engine.StartAsync(run: (_, _, stop) => gate.WaitAsync(stop));
        var services = engine.Services.GetServices<IHostedService>().ToList();
        var running = await engine.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(running, JobState.Running);

        var stops = services.ConvertAll(static service => service.StopAsync(CancellationToken.None));
        await Turn.UntilAsync(() => engine.Logs.Count(2001) == 1);
        stops.AddRange(services.Select(static service => service.StopAsync(CancellationToken.None)));
        Assert.DoesNotContain(stops, static stop => stop.IsCompletedSuccessfully);
        gate.Open();
        await Task.WhenAll(stops).WaitAsync(Engine.Guard);
        services.OfType<IDisposable>().ToList().ForEach(static service => service.Dispose());
        await Task.WhenAll(services.Select(static service => service.StopAsync(CancellationToken.None))).WaitAsync(Engine.Guard);

        Assert.Equal(JobState.Completed, (await engine.GetAsync(running)).State);
    }

    [Fact, Trait("req", "J-09")]
    public async Task An_engine_that_was_disposed_without_being_stopped_may_be_stopped()
    {
        await using var engine = await Engine.StartAsync();
        var services = engine.Services.GetServices<IHostedService>().ToList();

        services.OfType<IDisposable>().ToList().ForEach(static service => service.Dispose());
        await Task.WhenAll(services.Select(static service => service.StopAsync(CancellationToken.None))).WaitAsync(Engine.Guard);

        Assert.Equal(0, engine.Logs.Count(2001));
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_job_that_outlasts_the_grace_is_given_back_without_counting_the_attempt()
    {
        var cancelled = new Gate();
        await using var engine = await Engine.StartAsync(options: static options => options.DrainGrace = TimeSpan.FromSeconds(25), run: async (_, _, stop) =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            }
            finally
            {
                cancelled.Open();
            }
        });
        var id = await engine.Client.EnqueueAsync(new Work("a"), static options => options.MaxAttempts(1));
        await engine.ReachesAsync(id, JobState.Running);

        var stop = engine.StopAsync();
        await Turn.UntilAsync(() => engine.Logs.Count(2001) == 1);
        engine.Clock.Advance(TimeSpan.FromSeconds(24));
        Assert.False(stop.IsCompleted);
        while (engine.Logs.Count(2002) == 0)
        {
            engine.Clock.Advance(TimeSpan.FromMilliseconds(500));
            await Turn.NextAsync();
        }

        await cancelled.WaitAsync();
        await stop;
        var job = await engine.GetAsync(id);
        Assert.Equal((JobState.Waiting, 0, null), (job.State, job.Attempt, job.WorkerId));
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_handler_that_ignores_its_token_does_not_hold_up_the_stop_and_its_late_end_changes_nothing()
    {
        var clock = new FakeClock();
        var store = new MemoryJobStore(clock);
        var gate = new Gate();
        var returned = new Gate();
        var engine = await Engine.StartAsync(clock, store, run: async (_, _, _) =>
        {
            await gate.WaitAsync(CancellationToken.None);
            returned.Open();
        });
        var id = await engine.Client.EnqueueAsync(new Work("deaf"));
        await engine.ReachesAsync(id, JobState.Running);

        using var waitNoLonger = new CancellationTokenSource();
        await waitNoLonger.CancelAsync();
        var stop = engine.StopAsync(waitNoLonger.Token);
        while (engine.Logs.Count(2003) == 0)
        {
            await Turn.NextAsync();
            clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        await stop; // from here nothing waits for the clock
        await engine.DisposeAsync();
        var job = await store.GetAsync(id);
        Assert.Equal((JobState.Waiting, 0), (job!.State, job.Attempt));
        gate.Open();
        await returned.WaitAsync();
        Assert.Equal(JobState.Waiting, (await store.GetAsync(id))!.State);
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_stop_does_not_hang_on_a_store_that_hangs()
    {
        var clock = new FakeClock();
        var hang = false;
        var store = new FaultingJobStore(new MemoryJobStore(clock), _ => Volatile.Read(ref hang) ? StoreFault.Hang : StoreFault.None);
        var gate = new Gate();
        var engine = await Engine.StartAsync(clock, store, run: (_, _, stop) => gate.WaitAsync(stop));
        var id = await engine.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(id, JobState.Running);
        Volatile.Write(ref hang, true);
        gate.Open();

        await engine.DisposeAsync().AsTask().WaitAsync(Engine.Guard);
        await Turn.UntilAsync(() => engine.Logs.Count(2012) == 1 && engine.Logs.Count(2013) == 1);
    }

    [Fact, Trait("req", "J-09")]
    public async Task Jobs_given_back_by_one_process_run_in_another()
    {
        var clock = new FakeClock();
        var store = new MemoryJobStore(clock);
        var one = await Engine.StartAsync(clock, store, run: static (_, _, stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        var id = await one.Client.EnqueueAsync(new Work("a"));
        await one.ReachesAsync(id, JobState.Running);
        await using var two = await Engine.StartAsync(clock, store);

        await one.DisposeAsync();
        await two.ReachesAsync(id, JobState.Completed);
    }

    [Theory, Trait("req", "J-09")]
    [InlineData("WaitForWork")]
    [InlineData("Sweep")]
    [InlineData("GetDueSchedules")]
    public async Task A_store_that_fails_while_the_worker_stops_does_not_keep_it_from_draining(string operation)
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var store = new FaultingJobStore(memory, called => called == operation ? StoreFault.HangThenFail : StoreFault.None);
        await memory.EnqueueAsync([new NewJob { Id = "a", Queue = "default", Type = "work", Payload = """{"name":"a"}"""u8.ToArray(), MaxAttempts = 1 }], 10);
        var gate = new Gate();
        await using var engine = await Engine.StartAsync(clock, store, run: (_, _, stop) => gate.WaitAsync(stop));
        await engine.ReachesAsync("a", JobState.Running);

        var stop = engine.StopAsync();
        await Task.WhenAny(stop, Turn.UntilAsync(() => engine.Logs.Count(2001) == 1));
        gate.Open();
        await stop;

        Assert.Equal(JobState.Completed, (await memory.GetAsync("a"))!.State);
        Assert.Empty(await memory.GetWorkersAsync());
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_worker_whose_last_ends_cannot_be_stored_still_signs_off()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var finishing = new Gate();
        var ran = false;
        var store = new FaultingJobStore(memory, called =>
        {
            if (called is not ("Claim" or "Finish") || !Volatile.Read(ref ran))
            {
                return StoreFault.None;
            }

            finishing.Open();
            return StoreFault.HangThenFail;
        });
        var engine = await Engine.StartAsync(clock, store, run: (_, _, _) =>
        {
            Volatile.Write(ref ran, true);
            return Task.CompletedTask;
        });
        await engine.Client.EnqueueAsync(new Work("a"));
        await finishing.WaitAsync();

        await engine.DisposeAsync();

        Assert.Equal(1, engine.Logs.Count(2012));
        Assert.Empty(await memory.GetWorkersAsync());
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_claim_that_is_answered_while_the_worker_stops_is_given_back_and_not_run()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        await memory.EnqueueAsync([new NewJob { Id = "a", Queue = "default", Type = "work", Payload = """{"name":"a"}"""u8.ToArray(), MaxAttempts = 1 }], 10);
        var claiming = new Gate();
        var store = new FaultingJobStore(memory, called =>
        {
            if (called != "Claim")
            {
                return StoreFault.None;
            }

            claiming.Open();
            return StoreFault.HangThenAnswer;
        });
        var runs = 0;
        await using var engine = await Engine.StartAsync(clock, store, run: (_, _, _) =>
        {
            Interlocked.Increment(ref runs);
            return Task.CompletedTask;
        });
        await claiming.WaitAsync();

        await engine.StopWithClockAsync();

        var job = await memory.GetAsync("a");
        Assert.Equal((JobState.Waiting, 0, 0), (job!.State, job.Attempt, runs));
    }
}
