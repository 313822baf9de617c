using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs;

namespace Millrace.JobLoad.Roles;

/// <summary>Enqueues and claims, one at a time, in an empty store; then again while very many jobs wait, and beside them in a queue of the same store that is empty. Then lists a
/// page of every state. The store alone is measured, without the engine.</summary>
internal static class DeepRole
{
    private const string Deep = "deep";
    private const string Empty = "empty";
    private const int Samples = 1_000;
    private const int Warm = 300;
    private const int Batch = 1_000;
    private const int Others = 1_000; // jobs of each state other than waiting
    private const int Lists = 9;
    private const int Page = 50;

    private static readonly byte[] Payload = Work.Payload();
    private static int _lastId;

    /// <summary>1. Measure empty. 2. Fill. 3. Measure full, both queues in turns. 4. List.</summary>
    public static async Task<RoleReport> RunAsync(RoleOptions options)
    {
        using var host = Engine.Build(options, works: false, static jobs => jobs.AddHandler<Work, WorkHandler>(Work.Name));
        var store = host.Services.GetRequiredService<JobStore>();
        await store.InitializeAsync();

        // 1. Measure empty.
        var before = new Times();
        for (var i = -Warm; i < Samples; i++)
        {
            await MeasureAsync(store, Empty, i < 0 ? null : before);
        }

        // 2. Fill.
        for (var done = 0; done < options.Jobs; done += Batch)
        {
            await store.EnqueueAsync(Many(Deep, Math.Min(Batch, options.Jobs - done)), int.MaxValue);
        }

        await FillOthersAsync(store);

        // 3. Measure full.
        var (deep, beside) = (new Times(), new Times());
        for (var i = -Warm; i < Samples; i++)
        {
            await MeasureAsync(store, Deep, i < 0 ? null : deep);
            await MeasureAsync(store, Empty, i < 0 ? null : beside);
        }

        // 4. List.
        var lists = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var state in Enum.GetValues<JobState>())
        {
            lists[$"list_{state.ToString().ToLowerInvariant()}_ms"] = await ListAsync(store, state);
        }

        return new RoleReport
        {
            Jobs = options.Jobs,
            Parts = new Dictionary<string, double>(
            [
                new("enqueue_us", deep.Enqueue), new("enqueue_empty_us", before.Enqueue), new("enqueue_beside_us", beside.Enqueue),
                new("claim_us", deep.Claim), new("claim_empty_us", before.Claim), new("claim_beside_us", beside.Claim),
                .. lists,
            ]),
        };
    }

    private static async Task MeasureAsync(JobStore store, string queue, Times? times)
    {
        var jobs = Many(queue, 1);
        var began = Stopwatch.GetTimestamp();
        await store.EnqueueAsync(jobs, int.MaxValue);
        var enqueued = Stopwatch.GetTimestamp();
        var claimed = await ClaimAsync(store, queue, "w", 1);
        times?.Add(enqueued - began, Stopwatch.GetTimestamp() - enqueued);
        await FinishAsync(store, claimed, FinishKind.Completed, remove: true);
    }

    /// <summary>Jobs in every state but waiting.</summary>
    private static async Task FillOthersAsync(JobStore store)
    {
        await store.EnqueueAsync([.. Many(Deep, Others).Select(static job => job with { Delay = TimeSpan.FromDays(1) })], int.MaxValue);
        foreach (var kind in new[] { FinishKind.Completed, FinishKind.Dead, FinishKind.Cancelled })
        {
            await store.EnqueueAsync(Many(Empty, Others), int.MaxValue);
            await FinishAsync(store, await ClaimAsync(store, Empty, "w", Others), kind, remove: false);
        }

        await store.EnqueueAsync(Many("running", Others), int.MaxValue);
        await ClaimAsync(store, "running", "other", Others);
        var first = Many(Deep, 1)[0] with { Delay = TimeSpan.FromDays(1) };
        await store.EnqueueFlowAsync([first, .. Many(Deep, Others / 2).Select(job => job with { After = [new JobAddress(first.Queue, first.Id)] })], int.MaxValue);
    }

    /// <summary>The median of a first page's and the one after it, whichever is longer, in milliseconds.</summary>
    private static async Task<double> ListAsync(JobStore store, JobState state)
    {
        var (first, second) = (new List<long>(), new List<long>());
        for (var i = 0; i < Lists; i++)
        {
            var query = new JobQuery { State = state, PageSize = Page };
            var began = Stopwatch.GetTimestamp();
            var page = await store.ListAsync(query);
            first.Add(Stopwatch.GetTimestamp() - began);
            if (page.Jobs.Count < Page)
            {
                throw new InvalidOperationException($"There are only {page.Jobs.Count} jobs of state {state}.");
            }

            began = Stopwatch.GetTimestamp();
            await store.ListAsync(query with { Cursor = page.Next });
            second.Add(Stopwatch.GetTimestamp() - began);
        }

        return Math.Round(Math.Max(Times.Median(first), Times.Median(second)) / 1_000, 3);
    }

    private static async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(JobStore store, string queue, string worker, int count)
    {
        var request = new ClaimRequest
        {
            Worker = new WorkerIdentity(worker, "host", 1, [queue]),
            Lease = TimeSpan.FromHours(1),
            Queues = [new QueueCapacity(queue, count)],
            MaximumJobs = count,
        };
        var jobs = (await store.ClaimAsync(request)).Jobs;
        return jobs.Count == count ? jobs : throw new InvalidOperationException($"{jobs.Count} jobs were claimed, {count} wait.");
    }

    private static async Task FinishAsync(JobStore store, IReadOnlyList<ClaimedJob> jobs, FinishKind kind, bool remove) => await store.FinishAsync(
        [.. jobs.Select(job => new JobFinish { Run = new JobRun(job.Queue, job.Id, job.Token), Kind = kind, Remove = remove, Error = kind == FinishKind.Dead ? "boom" : null })]);

    private static NewJob[] Many(string queue, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new NewJob { Id = $"job-{Interlocked.Increment(ref _lastId)}", Queue = queue, Type = Work.Name, Payload = Payload })];

    private sealed class Times
    {
        private readonly List<long> _enqueues = [];
        private readonly List<long> _claims = [];

        /// <summary>Medians, in microseconds.</summary>
        public double Enqueue => Median(_enqueues);

        public double Claim => Median(_claims);

        public static double Median(List<long> ticks) => Math.Round(ticks.Order().ElementAt(ticks.Count / 2) / (Stopwatch.Frequency / 1e6), 1);

        public void Add(long enqueue, long claim)
        {
            _enqueues.Add(enqueue);
            _claims.Add(claim);
        }
    }
}
