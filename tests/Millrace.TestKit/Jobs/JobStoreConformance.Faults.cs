using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

/// <summary>What went wrong in other job engines and is no part of an operation's description: see docs/job-faults.md, whose numbers the traits name.</summary>
public abstract partial class JobStoreConformance
{
    [Fact, Trait("peer", "3")]
    public async Task Waits_of_less_than_a_millisecond_end_and_find_what_falls_due_in_them_by_a_real_clock()
    {
        await using var store = await CreateStoreAsync(TimeProvider.System);
        await store.InitializeAsync();
        for (var tenth = 0; tenth < 40; tenth++)
        {
            var moment = TimeSpan.FromTicks(tenth * 1_000); // from nothing to 4 ms, in tenths of one
            await store.WaitForWorkAsync(["default"], TimeProvider.System.GetUtcNow() + moment).AsTask().WaitAsync(Guard);
            await store.EnqueueAsync([Job(delay: moment)], 1_000);

            using var limit = new CancellationTokenSource(Guard);
            ClaimResult claim;
            do
            {
                await store.WaitForWorkAsync(["default"], TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1), limit.Token);
                claim = await store.ClaimAsync(new ClaimRequest { Worker = Worker("w1"), Lease = Lease, Queues = [new QueueCapacity("default", 1)] }, limit.Token);
            }
            while (claim.Jobs.Count == 0);
        }
    }

    [Fact, Trait("peer", "5")]
    public async Task Ends_that_come_between_a_sweep_s_look_and_its_rescue_are_never_undone()
    {
        const int Workers = 60;
        await EnqueueAsync(Jobs(Workers * 2));
        var claimed = new List<ClaimedJob>();
        for (var worker = 0; worker < Workers; worker++)
        {
            claimed.AddRange(await ClaimAsync(2, $"w{worker:00}"));
        }

        Clock.Advance(Lease);
        var rescued = new List<string>();
        async Task SweepAllAsync()
        {
            for (var more = true; more;)
            {
                var swept = await SweepAsync(maximum: 5);
                more = swept.More;
                lock (rescued)
                {
                    rescued.AddRange(swept.Rescued.Select(static job => job.Id));
                }
            }
        }

        // From both ends at once, so that they meet.
        var ending = Task.Run(async () =>
        {
            var ended = new List<string>();
            foreach (var job in claimed.AsEnumerable().Reverse())
            {
                if ((await FinishAsync(job, FinishKind.Completed)).Status == FinishStatus.Applied)
                {
                    ended.Add(job.Id);
                }
            }

            return ended;
        });
        await Task.WhenAll(ending, Task.Run(SweepAllAsync), Task.Run(SweepAllAsync)).WaitAsync(Guard);
        await SweepAllAsync(); // what a lock hid from both

        var ended = await ending;
        Assert.Equal(claimed.Select(static job => job.Id).Order(), ended.Concat(rescued).Order()); // each the one or the other, and once
        foreach (var job in claimed)
        {
            Assert.Equal(ended.Contains(job.Id) ? JobState.Completed : JobState.Waiting, await StateOfAsync(job.Id));
        }
    }

    [Fact, Trait("peer", "7")]
    public async Task However_many_workers_died_bounded_sweeps_find_the_jobs_of_all()
    {
        const int Dead = 120;
        await EnqueueAsync(Jobs(Dead + 1));
        for (var worker = 0; worker < Dead; worker++)
        {
            await ClaimOneAsync($"dead-{worker:000}");
        }

        Clock.Advance(Lease);
        var live = await ClaimOneAsync("alive");
        var rescued = new List<string>();
        for (var (more, round) = (true, 0); more; round++)
        {
            Assert.True(round <= Dead, "The sweeps find no end.");
            var swept = await SweepAsync(maximum: 7);
            rescued.AddRange(swept.Rescued.Select(static job => job.Id));
            more = swept.More;
        }

        Assert.Equal(Dead, rescued.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Dead, rescued.Count);
        Assert.Equal(["alive"], (await Store.GetWorkersAsync()).Select(static worker => worker.Identity.Id));
        Assert.Equal(FinishStatus.Applied, (await FinishAsync(live, FinishKind.Completed)).Status);
        Assert.Equal(Dead, (await ClaimAsync(Dead + 1, "next")).Count);
    }

    [Fact, Trait("peer", "7")]
    public async Task A_worker_that_comes_back_under_its_old_name_does_not_keep_the_jobs_of_its_first_life_from_anybody()
    {
        await EnqueueAsync(Job("a"), Job("b"));
        await ClaimOneAsync(); // and the process dies; the next has the same name, and goes on renewing the lease
        var second = await ClaimOneAsync();
        Clock.Advance(Lease / 2);
        Assert.Empty((await HeartbeatAsync("w1", second)).Lost);

        Assert.Equal("a", (await ClaimOneAsync("w2")).Id);
        Assert.Equal(JobState.Running, await StateOfAsync("b"));
    }

    [Fact, Trait("peer", "9")]
    public async Task Of_eighty_nodes_that_declare_one_schedule_and_fire_it_at_once_there_is_one_schedule_and_one_job()
    {
        var tick = In(0);
        await Task.WhenAll(Enumerable.Range(0, 80).Select(node => Task.Run(async () =>
        {
            await Store.UpsertScheduleAsync(Schedule(), tick);
            foreach (var due in (await Store.GetDueSchedulesAsync(10)).Due)
            {
                await Store.FireScheduleAsync(Fire(due.NextAt!.Value, In(60), $"node-{node}"));
            }
        }))).WaitAsync(Guard);

        var schedule = await ScheduleAsync();
        Assert.Equal((tick, In(60), 1L), (schedule.LastAt, schedule.NextAt, schedule.Runs));
        Assert.Equal(schedule.LastJobId, Assert.Single(await IdsAsync(new JobQuery())));
    }

    [Theory, Trait("peer", "14")]
    [InlineData(StoreFault.Before)]
    [InlineData(StoreFault.After)]
    public async Task No_trigger_is_stuck_or_fires_twice_when_its_calls_fail_at_random(StoreFault fault)
    {
        var (failing, failed) = (false, 0); // a start on a store that fails is a failed start
        var chance = new Random(14); // a strict count could fall into step with the loop and hit the same call for ever
        StoreFault Choose(string operation)
        {
            lock (chance)
            {
                var fails = Volatile.Read(ref failing) && operation is "FireSchedule" or "GetDueSchedules" && chance.Next(2) == 0;
                failed += fails ? 1 : 0;
                return fails ? fault : StoreFault.None;
            }
        }

        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Clock);
        var jobs = services.AddMillraceJobs(static options => options.RunWorkers = false);
        jobs.AddHandler<ConformanceJob, ConformanceJobHandler>("work").AddSchedule("every-10", "*/10 * * * * *", new ConformanceJob());
        services.Replace(ServiceDescriptor.Singleton<JobStore>(new FaultingJobStore(Store, Choose)));
        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetServices<IHostedService>().ToList();
        foreach (var service in engine)
        {
            await service.StartAsync(CancellationToken.None);
        }

        var start = Clock.GetUtcNow();
        Volatile.Write(ref failing, true);
        for (var step = 0; (await ScheduleAsync("every-10")).Runs < 8 || Volatile.Read(ref failed) < 8; step++)
        {
            Assert.True(step < 5_000, $"The schedule stands still: {await ScheduleAsync("every-10")}");
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Volatile.Write(ref failing, false);
        foreach (var service in engine)
        {
            await service.StopAsync(CancellationToken.None).WaitAsync(Guard);
        }

        var schedule = await ScheduleAsync("every-10");
        Assert.Equal(schedule.Runs, (await IdsAsync(new JobQuery { PageSize = 500 })).Length); // no job beside those that were counted
        Assert.True(schedule.Runs <= ((schedule.LastAt!.Value - start).TotalSeconds / 10) + 1, $"{schedule.Runs} jobs came of the ticks from {start:O} to {schedule.LastAt:O}");
        Assert.NotNull(schedule.NextAt);
    }

    private sealed record ConformanceJob;

    private sealed class ConformanceJobHandler : IJobHandler<ConformanceJob>
    {
        public Task HandleAsync(ConformanceJob job, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
