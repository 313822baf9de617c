using System.Text;
using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

/// <summary>What every job store must do: derive from it, create the store, and every test here runs on it.</summary>
public abstract partial class JobStoreConformance : IAsyncLifetime
{
    /// <summary>The lease that the suite's workers ask for.</summary>
    protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private protected static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);
    private static readonly JobRetention KeepAll = new(TimeSpan.FromDays(365), 1_000_000);
    private int _lastId;

    /// <summary>The clock of the store under test; on 1 January 2026 until a test moves it.</summary>
    protected FakeClock Clock { get; } = new();

    /// <summary>The store under test, empty at the start of each test.</summary>
    protected JobStore Store { get; private set; } = null!;

    /// <summary>Whether the store keeps unique keys and limits.</summary>
    private protected virtual bool HasGuards => false;

    /// <summary>Creates an empty store that takes its time from <paramref name="clock"/>. Called once per test; what it leaves behind is cleaned up
    /// by an override of <see cref="DisposeAsync"/>.</summary>
    protected abstract ValueTask<JobStore> CreateStoreAsync(TimeProvider clock);

    /// <inheritdoc />
    public virtual async ValueTask InitializeAsync()
    {
        Store = await CreateStoreAsync(Clock);
        await Store.InitializeAsync();
    }

    /// <inheritdoc />
    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Store.DisposeAsync();
    }

    private protected static WorkerIdentity Worker(string id) => new(id, "host", 1, ["default"]);

    private protected NewJob Job(string? id = null, string queue = "default", int priority = 0, TimeSpan? delay = null, int maxAttempts = 3, string type = "work", params string[] tags) => new()
    {
        Id = id ?? $"job-{++_lastId:0000}",
        Queue = queue,
        Type = type,
        Payload = Encoding.UTF8.GetBytes("""{"n":1}"""),
        Priority = priority,
        MaxAttempts = maxAttempts,
        Delay = delay,
        Tags = tags,
    };

    private protected NewJob[] Jobs(int count, string queue = "default") => [.. Enumerable.Range(0, count).Select(_ => Job(queue: queue))];

    /// <summary>Enqueues the jobs of each queue together.</summary>
    private protected async Task<EnqueueOutcome> EnqueueAsync(params NewJob[] jobs)
    {
        var outcome = new EnqueueOutcome();
        foreach (var queue in jobs.GroupBy(static job => job.Queue))
        {
            var one = await Store.EnqueueAsync([.. queue], 1_000_000);
            outcome = new EnqueueOutcome
            {
                FullQueue = outcome.FullQueue ?? one.FullQueue,
                Existing = [.. outcome.Existing, .. one.Existing],
                Holders = new Dictionary<string, string>([.. outcome.Holders, .. one.Holders]),
            };
        }

        return outcome;
    }

    private protected async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(int maximum = 100, string worker = "w1", params string[] queues) => (await Store.ClaimAsync(new ClaimRequest
    {
        Worker = Worker(worker),
        Lease = Lease,
        Queues = [.. (queues.Length == 0 ? ["default"] : queues).Select(queue => new QueueCapacity(queue, maximum))],
        MaximumJobs = maximum,
    })).Jobs;

    private protected async Task<ClaimedJob> ClaimOneAsync(string worker = "w1") => Assert.Single(await ClaimAsync(1, worker));

    private protected static JobRun Run(ClaimedJob job) => new(job.Queue, job.Id, job.Token);

    private protected async Task<FinishResult> FinishAsync(ClaimedJob job, FinishKind kind, TimeSpan delay = default, string? error = null, string? result = null) =>
        Assert.Single(await Store.FinishAsync([
            new JobFinish { Run = Run(job), Kind = kind, Delay = delay, Error = error, Result = result is null ? null : Encoding.UTF8.GetBytes(result) }]));

    private async Task<HeartbeatResult> HeartbeatAsync(string worker, params ClaimedJob[] jobs) =>
        await Store.HeartbeatAsync(new HeartbeatRequest { Worker = Worker(worker), Lease = Lease, Runs = [.. jobs.Select(Run)] });

    private protected async Task<SweepResult> SweepAsync(JobRetention? completed = null, JobRetention? cancelled = null, JobRetention? dead = null, int maximum = 500) =>
        await Store.SweepAsync(new SweepRequest { Completed = completed ?? KeepAll, Cancelled = cancelled ?? KeepAll, Dead = dead ?? KeepAll, MaximumJobs = maximum });

    private protected async Task<JobRecord> GetAsync(string id)
    {
        var job = await Store.GetAsync(id);
        Assert.NotNull(job);
        return job;
    }

    private protected async Task<JobState> StateOfAsync(string id) => (await GetAsync(id)).State;

    private protected async Task<string[]> IdsAsync(JobQuery query) => [.. (await Store.ListAsync(query)).Jobs.Select(static job => job.Id)];

    private protected async Task<QueueStatus> QueueAsync(string name = "default") => Assert.Single(await Store.GetQueuesAsync(), queue => queue.Name == name);
}
