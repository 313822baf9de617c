using System.Globalization;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>The enqueues of one queue: one that comes while nothing is under way is sent at once; those that come while a call is under way go
/// together with the next, each still whole or not at all. Thread-safe.</summary>
/// <remarks>At most <see cref="MaximumWaiting"/> requests wait; a caller that comes then waits for room, which is the back-pressure.</remarks>
internal sealed class EnqueueLine(RedisClient redis, QueueKeys keys, Func<RedisArgument> now) : IDisposable
{
    /// <summary>Most requests in line.</summary>
    public const int MaximumWaiting = 10_000;

    /// <summary>A call takes requests until it has so many jobs.</summary>
    public const int JobsPerCall = 500;

    /// <summary>… or so many bytes.</summary>
    public const int BytesPerCall = 1024 * 1024;

    private static readonly EnqueueOutcome Stored = new();

    private readonly SemaphoreSlim _room = new(MaximumWaiting, MaximumWaiting);
    private readonly Lock _lock = new(); // guards the two below
    private readonly Queue<EnqueueRequest> _waiting = new();
    private bool _sending;

    public async ValueTask<EnqueueOutcome> EnqueueAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken)
    {
        var request = new EnqueueRequest(jobs, maximumQueueLength);
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        bool begin;
        lock (_lock)
        {
            _waiting.Enqueue(request);
            begin = !_sending;
            _sending = true;
        }

        if (begin)
        {
            _ = SendAllAsync();
        }

        var given = cancellationToken.CanBeCanceled
            ? cancellationToken.Register(
                static (state, token) =>
                {
                    if (state is EnqueueRequest request && request.TryTake())
                    {
                        request.Cancel(token);
                    }
                },
                request)
            : default;
        await using (given.ConfigureAwait(false))
        {
            return await request.Completion.ConfigureAwait(false);
        }
    }

    public void Dispose() => _room.Dispose();

    /// <summary>Sends until nothing waits. Never fails: errors are the requests'.</summary>
    private async Task SendAllAsync()
    {
        while (Gather() is { Count: > 0 } group)
        {
            try
            {
                await SendAsync(group).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                group.ForEach(request => request.Fail(error));
            }
        }
    }

    private List<EnqueueRequest> Gather()
    {
        var group = new List<EnqueueRequest>();
        var (jobs, bytes, freed) = (0, 0L, 0);
        lock (_lock)
        {
            while (jobs < JobsPerCall && bytes < BytesPerCall && _waiting.TryDequeue(out var request))
            {
                freed++;
                if (request.TryTake())
                {
                    group.Add(request);
                    jobs += request.Jobs.Count;
                    bytes += request.Bodies.Sum(static body => (long)body.Length);
                }
            }

            _sending = group.Count > 0;
        }

        if (freed > 0)
        {
            _room.Release(freed);
        }

        return group;
    }

    private async Task SendAsync(List<EnqueueRequest> group)
    {
        var arguments = new List<RedisArgument> { now() };
        foreach (var request in group)
        {
            arguments.Add(request.MaximumQueueLength);
            arguments.Add(request.Jobs.Count);
            for (var i = 0; i < request.Jobs.Count; i++)
            {
                AddJob(arguments, request.Jobs[i], request.Bodies[i]);
            }
        }

        var reply = await redis.EvaluateAsync(JobScripts.Enqueue, keys.All, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(arguments)).ConfigureAwait(false);
        for (var i = 0; i < group.Count; i++)
        {
            var request = group[i];
            request.Succeed(reply[i].Type == RespType.Integer ? new EnqueueOutcome { FullQueue = keys.Queue }
                : reply[i].Count == 0 ? Stored
                : KeptOut(request.Jobs, reply[i].Items));
        }
    }

    private static EnqueueOutcome KeptOut(IReadOnlyList<NewJob> jobs, IReadOnlyList<RedisReply> told)
    {
        var existing = new List<string>(told.Count);
        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in told)
        {
            var parts = one.AsString()!.Split(':', 2);
            var id = jobs[int.Parse(parts[0], CultureInfo.InvariantCulture) - 1].Id;
            existing.Add(id);
            if (parts.Length == 2)
            {
                holders[id] = parts[1];
            }
        }

        return new EnqueueOutcome { Existing = existing, Holders = holders };
    }

    /// <summary>The five arguments of Scripts/_enqueue.lua for a job.</summary>
    public static void AddJob(List<RedisArgument> arguments, NewJob job, byte[] body)
    {
        arguments.Add(job.Id);
        arguments.Add(When(job));
        arguments.Add(Marks(job));
        arguments.Add(job.Unique is { } unique
            ? string.Create(CultureInfo.InvariantCulture, $"{JobBody.Letter(unique.Until)}{(unique.Replace ? 1 : 0)}{(long)Math.Ceiling(unique.Period.TotalMilliseconds)}:{unique.Key}")
            : string.Empty);
        arguments.Add(body);
    }

    /// <summary>When a job is due, as scripts take it.</summary>
    public static string When(NewJob job) => job.At is { } at
        ? "@" + RoundUp(at).ToString(CultureInfo.InvariantCulture)
        : ((long)Math.Ceiling(job.Delay.GetValueOrDefault().TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>A job's tags, as scripts take them.</summary>
    public static string Marks(NewJob job) => job.Tags.Count == 0 ? string.Empty : string.Concat(job.Tags.Select(static tag => tag + '\0'));

    private static long RoundUp(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
}
