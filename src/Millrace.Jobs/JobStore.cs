using System.Data.Common;

namespace Millrace.Jobs;

/// <summary>Where jobs live: few coarse operations, each one atomic and idempotent. Memory is the executable specification.</summary>
/// <remarks>
/// <para><b>States.</b> Scheduled and waiting jobs are <em>pending</em>. A pending job is <em>ready</em> when its
/// <see cref="JobRecord.DueAt"/> is not later than the store's clock; a store may turn a scheduled job into a waiting one at any time
/// from then on, and reports may show it as either until it is claimed. Running has exactly one way in (<see cref="ClaimAsync"/>) and
/// two out (<see cref="FinishAsync"/> with the claim's token, <see cref="SweepAsync"/>). Blocked jobs wait for others and are not pending, but count
/// as such for the length of their queue. Completed, dead and cancelled are terminal: a job
/// leaves them only by <see cref="ReplayAsync"/> (dead), or by being removed.</para>
/// <para><b>Links.</b> When a job is completed, dead, cancelled or removed, every job that waits for it learns so, and what its <see cref="JobCondition"/> says
/// is done: a blocked one becomes pending, due at its time or after its delay counted from then, or is cancelled with an error that says why; and so on. Completed, cancelled and
/// removed are final for a link; dead is, unless the condition is <see cref="JobCondition.AllCompleted"/>. In one step with that end where both jobs
/// are in one queue or the store is one database; else by messages that are stored in that step, can be repeated, and are delivered before the operation returns
/// or, when that fails, by a sweep.</para>
/// <para><b>Order.</b> Ready jobs of one queue are claimed by priority (high first), then <see cref="JobRecord.DueAt"/>, then the order of
/// enqueue (the order within a batch included).</para>
/// <para><b>Ownership.</b> A running job belongs to its worker under a fencing token; the worker, not the job, has a lease. (A store may keep a worker's
    /// lease queue by queue: then a claim renews it over the queues that it names, and a heartbeat over all of the worker's.) Every
/// transition of a running job by its worker names the token, and is refused when it is no longer the current one.</para>
/// <para><b>Fields.</b> A claim resets progress. Completed clears the error; retry and dead set it; a sweep sets it to
/// <see cref="DescribeLostWorker"/>; every other transition leaves it. A token stays with the job after its worker's finish (so that a
/// repeated finish is recognised) and is void after a sweep or a heartbeat took the job away.</para>
/// <para><b>Time</b> is the store's own clock, kept to the millisecond (the clock cut, a delay rounded up); delays are handed over as durations for that reason. An embedded
/// store may use the <see cref="TimeProvider"/> of its process.</para>
/// <para><b>Failures.</b> A method that throws has either done all of its work or nothing; calling it again with the same arguments is
/// always safe. Expected outcomes are return values. Arguments keep <see cref="JobLimits"/>: callers check them, stores need not.</para>
/// <para>All members are safe to call from many threads at once.</para>
/// </remarks>
public abstract class JobStore : IAsyncDisposable
{
    /// <summary>What the store is, for logs and the dashboard: <c>memory</c>, <c>sqlite</c>, …</summary>
    public abstract string Name { get; }

    /// <summary>Opens the store and creates or migrates what it keeps; idempotent. The hosted service calls it at start so that a broken
    /// store shows at once; any other operation that comes first does the same by itself.</summary>
    public virtual ValueTask InitializeAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <summary>Stores all of the jobs or none; those that are due now as waiting, the others as scheduled. A job whose id the queue already holds, in whatever state, is left as it is and reported.</summary>
    /// <remarks>A job whose unique key another one of the queue holds is not stored but reported, with the holder's id; when it says
    /// <see cref="JobUniqueness.Replace"/> and the holder is pending and was never claimed, the holder takes over its payload, metadata and due time. A key is given
    /// back when its time is over: see <see cref="UniqueUntil"/>. A key whose time has elapsed, or whose holder is gone, is free.</remarks>
    /// <param name="jobs">1 to <see cref="JobLimits.MaximumEnqueueBatch"/> jobs of one queue, in order.</param>
    /// <param name="maximumQueueLength">When the queue would hold more than this many pending jobs, nothing is stored and it is named.
    /// Jobs that come back (retries, sweeps, replays) are never refused.</param>
    /// <param name="cancellationToken">Gives up before the work is done, or not at all.</param>
    public abstract ValueTask<EnqueueOutcome> EnqueueAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default);

    /// <summary>Stores jobs of any queues, all or none, of which some wait for others, of the same call or stored before. One that has <see cref="NewJob.After"/> is
    /// blocked until its condition holds; a job that it names and that the store does not hold counts as removed. An id that its queue already holds is left as it is and reported.</summary>
    /// <param name="jobs">1 to <see cref="JobLimits.MaximumFlow"/> jobs, none of which has a unique key; one comes after those of the call that it waits for.</param>
    /// <param name="maximumQueueLength">When one of the queues would hold more than this many pending and blocked jobs, nothing is stored and it is named. (A store that keeps queues apart
    /// looks a moment before.)</param>
    /// <param name="cancellationToken">Gives up before the work is done, or not at all.</param>
    public abstract ValueTask<EnqueueOutcome> EnqueueFlowAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default);

    /// <summary><see cref="EnqueueAsync"/> as a part of a transaction of the caller's: the jobs exist once it commits, and never if it
    /// does not. A store that is not a database's throws <see cref="NotSupportedException"/>.</summary>
    /// <param name="transaction">A transaction that is under way, on a connection to the database that holds the jobs. It is the caller's to end; nothing else of the connection changes.</param>
    /// <param name="jobs">As there.</param>
    /// <param name="maximumQueueLength">As there; jobs of transactions that have not ended are not seen.</param>
    /// <param name="cancellationToken">Gives up; then the transaction can only be rolled back.</param>
    /// <exception cref="ArgumentException">The transaction is one of another database.</exception>
    /// <exception cref="InvalidOperationException">The transaction has ended.</exception>
    public virtual ValueTask<EnqueueOutcome> EnqueueWithinAsync(
        DbTransaction transaction, IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) => throw NoTransactions();

    /// <summary><see cref="EnqueueFlowAsync"/> as a part of a transaction of the caller's; see
    /// <see cref="EnqueueWithinAsync"/>.</summary>
    public virtual ValueTask<EnqueueOutcome> EnqueueFlowWithinAsync(
        DbTransaction transaction, IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) => throw NoTransactions();

    /// <summary>What a job has to do with others; null when the store does not hold it.</summary>
    public abstract ValueTask<JobLinks?> GetLinksAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Stores the ends that the request carries, as <see cref="FinishAsync"/> does; then makes ready jobs the worker's own: queue by queue in the order given, at most the queue's capacity from each and
    /// <see cref="ClaimRequest.MaximumJobs"/> in all; nothing from paused queues. Each becomes running, its attempt is counted, its progress
    /// reset, and it gets a token greater than that of any claim of its queue before; jobs claimed together may share one. The worker's lease
    /// is created or renewed in the same step, also when there is nothing to claim.</summary>
    /// <remarks>
    /// <para><b>Groups.</b> The jobs of a queue that have a <see cref="NewJob.Group"/> form one line per group, in the order above; those that have none form one more. While any group has
    /// ready jobs, these lines take turns, one start each: between two starts of one line, every other that has a job that may start gets a start. A line that
    /// becomes ready takes its turn behind or before the others, but gains no more than one start by having been idle. A group that reaches one of its limits is passed over until a job of it ends, or the time
    /// of its next start has come, at a cost that does not depend on how many jobs it has.</para>
    /// <para>A queue that reaches one of its limits, or all groups of which that have ready jobs reach theirs, gives nothing more, and <see cref="WaitForWorkAsync"/> does not end for it: until a running
    /// job of it ends, or the time of its next start has come. A claim whose answer is lost has claimed jobs that the worker does not know of: its next heartbeat gives them back.</para>
    /// </remarks>
    public abstract ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken = default);

    /// <summary>Ends claims; each on its own, in the order given: a refused one does not hold up the others. The answers are in the order of the
    /// requests. A retry, snooze or release of a job whose cancellation was requested does exactly what
    /// <see cref="FinishKind.Cancelled"/> does.</summary>
    /// <param name="finishes">1 to <see cref="JobLimits.MaximumBatch"/> ends of claims.</param>
    /// <param name="cancellationToken">Gives up before the work is done, or not at all.</param>
    public abstract ValueTask<IReadOnlyList<FinishResult>> FinishAsync(IReadOnlyList<JobFinish> finishes, CancellationToken cancellationToken = default);

    /// <summary>Renews the worker's lease, creating it when the worker is unknown; tells what became of its claims; and gives back the claims
    /// that it does not name: a job running on this worker under a token that is not among <see cref="HeartbeatRequest.Runs"/> was lost on
    /// the way to it and is released, without counting the attempt (cancelled when that was requested).</summary>
    /// <remarks>For that reason a worker never has a claim and a heartbeat under way at once, and names a claim until it knows the answer to
    /// its finish.</remarks>
    public abstract ValueTask<HeartbeatResult> HeartbeatAsync(HeartbeatRequest request, CancellationToken cancellationToken = default);

    /// <summary>Forgets a worker that stops. Jobs it still holds are taken back by the next sweep.</summary>
    public abstract ValueTask LeaveAsync(string workerId, CancellationToken cancellationToken = default);

    /// <summary>Keeps a running job's progress. False when the claim is no longer the current one; then nothing changed.</summary>
    /// <param name="run">The claim.</param>
    /// <param name="percent">0 to 100.</param>
    /// <param name="message">At most <see cref="JobLimits.MaximumProgressMessageLength"/> characters; null for none.</param>
    /// <param name="cancellationToken">Gives up before the work is done, or not at all.</param>
    public abstract ValueTask<bool> ReportProgressAsync(JobRun run, int percent, string? message, CancellationToken cancellationToken = default);

    /// <summary>Adds a line to what a running job has logged, of which the last <see cref="JobLimits.MaximumLogLines"/> are kept, over all attempts, until the job is removed. False when the claim is no longer
    /// the current one; then nothing changed.</summary>
    /// <param name="run">The claim.</param>
    /// <param name="text">1 to <see cref="JobLimits.MaximumLogLineLength"/> characters.</param>
    /// <param name="cancellationToken">Gives up before the work is done, or not at all.</param>
    public abstract ValueTask<bool> AppendLogAsync(JobRun run, string text, CancellationToken cancellationToken = default);

    /// <summary>What a job has logged, oldest first; nothing when the store does not hold it.</summary>
    public abstract ValueTask<IReadOnlyList<JobLogLine>> GetLogAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Takes back the jobs of workers that are unknown or whose lease has run out: a job whose cancellation was requested becomes
    /// cancelled and is otherwise unchanged; one with attempts left goes to waiting at its old place; any other is dead. Then forgets
    /// such workers as hold nothing, and removes ended jobs that retention no longer keeps. Bounded by
    /// <see cref="SweepRequest.MaximumJobs"/>; the jobs of a queue are taken back in order of enqueue.</summary>
    public abstract ValueTask<SweepResult> SweepAsync(SweepRequest request, CancellationToken cancellationToken = default);

    /// <summary>Cancels a pending or blocked job at once; asks the worker of a running one to stop it, which it learns by its next heartbeat.</summary>
    public abstract ValueTask<CancelStatus> CancelAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Puts dead jobs back in line in their own queue: waiting from now, no attempt used, the error kept until the next end, the
    /// priority raised. Ids that are not dead jobs are passed over, and jobs whose unique key another holds by now; others take theirs again.</summary>
    /// <param name="ids">1 to <see cref="JobLimits.MaximumBatch"/> jobs.</param>
    /// <param name="priorityRaise">Added to each job's priority, up to <see cref="JobLimits.MaximumPriority"/>.</param>
    /// <param name="cancellationToken">Gives up before the work is done, or not at all.</param>
    /// <returns>The ids that were replayed.</returns>
    public abstract ValueTask<IReadOnlyList<string>> ReplayAsync(IReadOnlyList<string> ids, int priorityRaise, CancellationToken cancellationToken = default);

    /// <summary>Removes jobs that are not running. Ids of running or unknown jobs are passed over.</summary>
    /// <returns>The ids that were removed.</returns>
    public abstract ValueTask<IReadOnlyList<string>> DeleteAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken = default);

    /// <summary>Pauses or resumes a queue, known to the store or not. Running jobs run on.</summary>
    public abstract ValueTask SetQueuePausedAsync(string queue, bool paused, CancellationToken cancellationToken = default);

    /// <summary>One job; null when the store does not hold it.</summary>
    public abstract ValueTask<JobRecord?> GetAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>A page of jobs, in the order that <see cref="JobQuery"/> tells. A cursor that is not one of the store's own is an
    /// <see cref="ArgumentException"/>.</summary>
    public abstract ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken = default);

    /// <summary>Every queue that holds a job or is paused, by name (ordinal).</summary>
    public abstract ValueTask<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken = default);

    /// <summary>Every worker that the store knows, by id (ordinal).</summary>
    public abstract ValueTask<IReadOnlyList<WorkerRecord>> GetWorkersAsync(CancellationToken cancellationToken = default);

    /// <summary>Completes when a job of one of the queues is ready and its queue is not paused: at once when there is one now, else on an
    /// enqueue, replay, release, resume or sweep in this process, or when a delayed job falls due; and no later than <paramref name="until"/>.
    /// It may complete early without cause. A process that shares the store with others learns of their enqueues by <paramref name="until"/>.</summary>
    /// <param name="queues">The queues to watch; may be empty.</param>
    /// <param name="until">The latest return, by the store's clock.</param>
    /// <param name="cancellationToken">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    public abstract ValueTask WaitForWorkAsync(IReadOnlyCollection<string> queues, DateTimeOffset until, CancellationToken cancellationToken = default);

    /// <summary>Creates a schedule or replaces its definition. A new schedule, or one whose times (cron expression, time zone, start, end, number of runs) changed, gets
    /// <paramref name="nextAt"/>; an unchanged one keeps its next tick, so that a tick missed while nothing ran is still due. Pause,
    /// last tick and the count of runs are kept.</summary>
    /// <exception cref="InvalidOperationException">The store holds <see cref="JobLimits.MaximumSchedules"/> others.</exception>
    public abstract ValueTask UpsertScheduleAsync(ScheduleDefinition schedule, DateTimeOffset? nextAt, CancellationToken cancellationToken = default);

    /// <summary>Removes a schedule; its jobs stay. False when there is none.</summary>
    public abstract ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Pauses or resumes a schedule. Resuming sets its next tick to <paramref name="nextAt"/>, so that ticks within the pause are not
    /// made up for; pausing leaves it. A call that changes nothing leaves everything. False when there is none.</summary>
    public abstract ValueTask<bool> SetSchedulePausedAsync(string name, bool paused, DateTimeOffset? nextAt, CancellationToken cancellationToken = default);

    /// <summary>Every schedule, by name (ordinal).</summary>
    public abstract ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(CancellationToken cancellationToken = default);

    /// <summary>The schedules with a tick to fire, at most <paramref name="maximum"/>.</summary>
    public abstract ValueTask<DueSchedules> GetDueSchedulesAsync(int maximum, CancellationToken cancellationToken = default);

    /// <summary>Fires one tick: when the schedule is not paused, its next tick is <see cref="FireRequest.Tick"/> and that is not later than the
    /// store's clock, enqueues the job, counts it and moves the schedule to <see cref="FireRequest.NextAt"/>, in one step; or only moves it. Of any number of nodes exactly
    /// one gets <see cref="FireStatus.Fired"/>. A job id that the store already holds counts as enqueued.</summary>
    public abstract ValueTask<FireStatus> FireScheduleAsync(FireRequest request, CancellationToken cancellationToken = default);

    /// <summary>The <see cref="JobRecord.Error"/> of a job that a sweep took from a dead worker; every store uses this text.</summary>
    protected static string DescribeLostWorker(string workerId) =>
        $"The worker '{workerId}' stopped renewing its lease while it ran this attempt: its process crashed, hung, or lost the store.";

    /// <summary>The <see cref="JobRecord.Error"/> of a job that was cancelled because of one that it waited for; every store uses this text.</summary>
    protected internal static string DescribePrerequisite(string id, JobState ended) => ended switch
    {
        JobState.Completed => "It was not needed: all jobs that it waited for completed.",
        JobState.Dead => $"The job '{id}' that it waited for is dead.",
        _ => $"The job '{id}' that it waited for was cancelled or removed.",
    };

    private NotSupportedException NoTransactions() => new(
        $"Jobs kept in the store '{Name}' cannot be enqueued in a database transaction. Keep them in the transaction's own database (UsePostgres of Millrace.PostgreSql, UseSqlite of Millrace.Sqlite); "
        + "or enqueue after the commit, with an id of your own (EnqueueOptions.Id), so that doing it again adds nothing.");

    /// <summary>Closes the store and ends every <see cref="WaitForWorkAsync"/>.</summary>
    public abstract ValueTask DisposeAsync();
}
