using System.Collections.Concurrent;
using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Working;

public sealed class OutageTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    [Fact, Trait("req", "J-09")]
    public async Task A_worker_that_cannot_renew_its_lease_stops_its_handlers_and_another_runs_the_jobs()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var cut = false;
        var stopped = new Gate();
        static void Short(JobsOptions options) => (options.Lease, options.SweepInterval) = (Lease, TimeSpan.FromSeconds(5));
        await using var one = await Engine.StartAsync(clock, new FaultingJobStore(memory, _ => Volatile.Read(ref cut) ? StoreFault.Before : StoreFault.None), Short, run: async (_, _, stop) =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            }
            catch (OperationCanceledException)
            {
                stopped.Open();
                throw;
            }
        });
        var id = await one.Client.EnqueueAsync(new Work("a"));
        await one.ReachesAsync(id, JobState.Running);
        await using var two = await Engine.StartAsync(clock, memory, Short);

        Volatile.Write(ref cut, true);
        var done = two.ReachesAsync(id, JobState.Completed);
        await AdvanceUntilAsync(clock, done);

        await stopped.WaitAsync();
        Assert.Equal(2, (await two.GetAsync(id)).Attempt);
        Assert.Equal(1, one.Logs.Count(2005));
        Volatile.Write(ref cut, false);
        await AdvanceUntilAsync(clock, Turn.UntilAsync(() => one.Logs.Count(2023) == 1)); // the late end is refused
        Assert.Equal(JobState.Completed, (await two.GetAsync(id)).State);
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_job_that_the_store_has_given_to_another_is_stopped_by_the_heartbeat()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var stopped = new Gate();
        await using var engine = await Engine.StartAsync(clock, memory, run: async (_, context, stop) =>
        {
            if (context.Attempt == 1 && context.FencingToken == 1)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop).ContinueWith(_ => stopped.Open(), TaskScheduler.Default);
                stop.ThrowIfCancellationRequested();
            }
        });
        var id = await engine.Client.EnqueueAsync(new Work("a"));
        await engine.ReachesAsync(id, JobState.Running);
        var worker = Assert.Single(await memory.GetWorkersAsync());
        await memory.LeaveAsync(worker.Identity.Id); // as an operator's tool might
        await memory.SweepAsync(new SweepRequest { Completed = new(Lease, 1), Cancelled = new(Lease, 1), Dead = new(Lease, 1) });

        await engine.ReachesAsync(id, JobState.Completed); // the second run; the first still waits
        await clock.WaitForTimersAsync(6).WaitAsync(Engine.Guard); // the wait for work (two), heartbeat, sweep, schedules, and the first run's timeout

        clock.Advance(TimeSpan.FromMinutes(20)); // the next heartbeat

        await stopped.WaitAsync();
        Assert.Equal(1, engine.Logs.Count(2006));
    }

    [Theory, Trait("peer", "14")]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task Every_job_ends_once_although_every_few_calls_to_the_store_fail(int every)
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var chance = new Random(every); // every n-th on average: a strict count could fall into step with a loop and hit the same call for ever
        StoreFault Choose(string operation)
        {
            lock (chance)
            {
                return chance.Next(every) > 0 ? StoreFault.None : chance.Next(2) == 0 ? StoreFault.Before : StoreFault.After;
            }
        }

        var runs = new ConcurrentDictionary<string, int>();
        await using var engine = await Engine.StartAsync(
            clock,
            new FaultingJobStore(memory, Choose),
            static options => (options.Lease, options.SweepInterval) = (Lease, TimeSpan.FromSeconds(5)),
            run: (job, _, _) =>
            {
                runs.AddOrUpdate(job.Name, 1, static (_, n) => n + 1);
                return Task.CompletedTask;
            });
        NewJob[] jobs = [.. Enumerable.Range(0, 200).Select(static n => new NewJob { Id = $"{n}", Queue = "default", Type = "work", Payload = System.Text.Encoding.UTF8.GetBytes($$"""{"name":"{{n}}"}"""), MaxAttempts = 50 })];
        await memory.EnqueueAsync(jobs, 1_000);

        for (var completed = 0L; completed < 200;)
        {
            await Turn.NextAsync();
            clock.Advance(TimeSpan.FromMilliseconds(500));
            completed = Assert.Single(await memory.GetQueuesAsync()).Completed;
        }

        Assert.Equal(200, runs.Count);
    }

    [Fact, Trait("req", "J-09")]
    public async Task An_outage_is_logged_once_at_its_start_and_once_at_its_end()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var failed = 0;
        var cut = false;
        StoreFault Choose(string operation)
        {
            if (operation is not ("Claim" or "WaitForWork") || !Volatile.Read(ref cut))
            {
                return StoreFault.None;
            }

            Interlocked.Increment(ref failed);
            return StoreFault.Before;
        }

        await using var engine = await Engine.StartAsync(clock, new FaultingJobStore(memory, Choose));
        await clock.WaitForTimersAsync(5).WaitAsync(Engine.Guard);
        Volatile.Write(ref cut, true);
        var id = await engine.Client.EnqueueAsync(new Work("a")); // ends the wait that began before the outage
        while (Volatile.Read(ref failed) < 6)
        {
            await clock.WaitForTimersAsync(4).WaitAsync(Engine.Guard);
            clock.Advance(TimeSpan.FromMilliseconds(500));
        }

        Volatile.Write(ref cut, false);
        await AdvanceUntilAsync(clock, engine.ReachesAsync(id, JobState.Completed));
        await AdvanceUntilAsync(clock, Turn.UntilAsync(() => engine.Logs.Count(2011) > 0));
        Assert.Equal(1, engine.Logs.Count(2010));
        Assert.Equal(1, engine.Logs.Count(2011));
    }

    [Fact, Trait("peer", "7")]
    public async Task A_crashed_processs_jobs_run_again_after_its_lease_and_one_sweep()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        await memory.EnqueueAsync([new NewJob { Id = "a", Queue = "default", Type = "work", Payload = """{"name":"a"}"""u8.ToArray(), MaxAttempts = 2 }], 10);
        await memory.ClaimAsync(new ClaimRequest { Worker = new("crashed", "host", 1, ["default"]), Lease = Lease, Queues = [new("default", 1)] });
        var crashed = clock.GetUtcNow();
        await using var engine = await Engine.StartAsync(clock, memory, static options => (options.Lease, options.SweepInterval) = (Lease, TimeSpan.FromSeconds(10)));

        await AdvanceUntilAsync(clock, engine.ReachesAsync("a", JobState.Completed));

        var job = await engine.GetAsync("a");
        Assert.Equal(2, job.Attempt);
        Assert.InRange(job.StartedAt!.Value - crashed, Lease, Lease + TimeSpan.FromSeconds(11));
    }

    [Fact, Trait("peer", "7")]
    public async Task A_process_that_starts_again_is_another_worker()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var life = 0; life < 3; life++)
        {
            await using var engine = await Engine.StartAsync(clock, memory);
            await Turn.UntilAsync(() => clock.ArmedTimers > 0);
            while ((await memory.GetWorkersAsync()).Count == 0)
            {
                await Turn.NextAsync();
            }

            var identity = Assert.Single(await memory.GetWorkersAsync()).Identity;
            Assert.Equal((Environment.MachineName, Environment.ProcessId), (identity.Host, identity.ProcessId));
            Assert.True(names.Add(identity.Id), $"{identity.Id} came back");
        }
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_lease_that_is_lost_again_stops_the_handlers_again()
    {
        var clock = new FakeClock();
        var runs = 0;
        var store = new FaultingJobStore(new MemoryJobStore(clock), static operation => operation == "Heartbeat" ? StoreFault.Hang : StoreFault.None);
        await using var engine = await Engine.StartAsync(clock, store, static options => options.Lease = Lease, run: async (_, _, stop) =>
        {
            Interlocked.Increment(ref runs);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        });
        await engine.Client.EnqueueAsync(new Work("a"));

        await AdvanceUntilAsync(clock, Turn.UntilAsync(() => engine.Logs.Count(2005) == 2 && Volatile.Read(ref runs) >= 2)); // every claim between renews the lease
    }

    [Fact, Trait("req", "J-09")]
    public async Task Claims_from_one_queue_do_not_stand_for_the_lease_over_another()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var stopped = new Gate();
        var cut = false;
        var store = new FaultingJobStore(memory, operation => operation == "Heartbeat" && Volatile.Read(ref cut) ? StoreFault.Before : StoreFault.None);
        await using var engine = await Engine.StartAsync(clock, store, static options => options.Lease = Lease, static jobs => jobs.AddQueue("long", concurrency: 1), run: async (job, _, stop) =>
        {
            if (job.Name == "long")
            {
                await using (stop.Register(stopped.Open))
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
                }
            }
        });
        var id = await engine.Client.EnqueueAsync(new Work("long"), static options => options.Queue("long"));
        await engine.ReachesAsync(id, JobState.Running);
        Volatile.Write(ref cut, true);

        var waited = stopped.WaitAsync();
        for (var seconds = 0; seconds <= 120 && !waited.IsCompleted; seconds += 2)
        {
            var other = await engine.Client.EnqueueAsync(new Work("short")); // its claim names the default queue alone: the other is full
            await engine.ReachesAsync(other, JobState.Completed);
            clock.Advance(TimeSpan.FromSeconds(2));
            await Turn.NextAsync();
        }

        await waited;
        await Turn.UntilAsync(() => engine.Logs.Count(2005) == 1);
    }

    [Fact, Trait("peer", "3")]
    public async Task A_wait_that_the_store_never_ends_is_given_up()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var store = new FaultingJobStore(memory, static operation => operation == "WaitForWork" ? StoreFault.Hang : StoreFault.None);
        await using var engine = await Engine.StartAsync(clock, store, static options => options.PollInterval = TimeSpan.FromSeconds(5));
        await clock.WaitForTimersAsync(4).WaitAsync(Engine.Guard); // the limit of the wait, heartbeat, sweep and schedules
        await memory.EnqueueAsync([new NewJob { Id = "a", Queue = "default", Type = "work", Payload = """{"name":"a"}"""u8.ToArray() }], 10);

        await AdvanceUntilAsync(clock, engine.ReachesAsync("a", JobState.Completed));

        Assert.InRange(engine.Logs.Count(2043), 1, 2);
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_heartbeat_that_waits_for_a_slow_claim_is_no_failure_while_the_claim_has_renewed_the_lease()
    {
        var clock = new FakeClock();
        var memory = new MemoryJobStore(clock);
        var slow = false;
        Gate claiming = new(), claim = new(), beating = new(), beat = new();
        var store = new FaultingJobStore(memory, static _ => StoreFault.None)
        {
            Before = operation =>
            {
                if (!Volatile.Read(ref slow) || operation is not ("Claim" or "Heartbeat"))
                {
                    return Task.CompletedTask;
                }

                (operation == "Claim" ? claiming : beating).Open();
                return (operation == "Claim" ? claim : beat).WaitAsync();
            },
        };
        await using var engine = await Engine.StartAsync(clock, store, static options => options.Lease = Lease);
        await clock.WaitForTimersAsync(5).WaitAsync(Engine.Guard); // the wait for work (two), heartbeat, sweep and schedules
        Volatile.Write(ref slow, true);
        clock.Advance(TimeSpan.FromSeconds(5));
        var id = await engine.Client.EnqueueAsync(new Work("a"));
        await claiming.WaitAsync();
        clock.Advance(TimeSpan.FromSeconds(5)); // the heartbeat is due, and waits for the claim
        await clock.WaitForTimersAsync(3).WaitAsync(Engine.Guard);
        clock.Advance(TimeSpan.FromSeconds(19));
        claim.Open(); // renews the lease from 0:05 to 0:35
        await beating.WaitAsync();

        clock.Advance(TimeSpan.FromSeconds(2)); // past 0:30, the lease's end when the heartbeat began
        await clock.WaitForTimersAsync(3).WaitAsync(Engine.Guard);
        beat.Open();
        while (Assert.Single(await memory.GetWorkersAsync()).SeenAt != clock.GetUtcNow())
        {
            await Turn.NextAsync();
        }


        await engine.ReachesAsync(id, JobState.Completed);
        Assert.Equal(0, engine.Logs.Count(2010));
    }

    /// <summary>Moves the clock in small steps, each once the engine sleeps again, until the task is done.</summary>
    private static async Task AdvanceUntilAsync(FakeClock clock, Task done)
    {
        for (var step = 0; !done.IsCompleted; step++)
        {
            Assert.True(step < 20_000, "The clock has moved for hours and nothing came of it.");
            await Task.WhenAny(done, Turn.NextAsync());
            clock.Advance(TimeSpan.FromMilliseconds(250));
        }

        await done;
    }
}
