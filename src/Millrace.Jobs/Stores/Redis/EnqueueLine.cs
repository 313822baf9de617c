using System.Runtime.InteropServices;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>The enqueues of one queue: one that comes while nothing is under way is sent at once by its caller, who goes on with the reply; those that
/// come while a call is under way go together with the next, each still whole or not at all. Thread-safe.</summary>
/// <remarks>At most <see cref="MaximumWaiting"/> requests wait; a caller that comes then waits for room, which is the back-pressure.</remarks>
internal sealed class EnqueueLine(RedisClient redis, QueueKeys keys, ReplicaWish wish, Func<RedisArgument> now) : IDisposable
{
    /// <summary>Most requests in line.</summary>
    public const int MaximumWaiting = 10_000;

    /// <summary>A call takes requests until it has so many jobs.</summary>
    public const int JobsPerCall = 500;

    /// <summary>… or so many bytes.</summary>
    public const int BytesPerCall = 1024 * 1024;

    private readonly SemaphoreSlim _room = new(MaximumWaiting, MaximumWaiting);
    private readonly Lock _lock = new(); // guards the two below
    private readonly Queue<EnqueueRequest> _waiting = new();
    private bool _sending;

    public ValueTask<EnqueueOutcome> EnqueueAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = new EnqueueRequest(jobs, maximumQueueLength);
        lock (_lock)
        {
            if (_sending)
            {
                return WaitAsync(request, cancellationToken);
            }

            _sending = true;
        }

        return SendFirstAsync(request);
    }

    public void Dispose() => _room.Dispose();

    /// <summary>Sends a request while nothing else is under way, then has those sent that came meanwhile.</summary>
    private async ValueTask<EnqueueOutcome> SendFirstAsync(EnqueueRequest request)
    {
        try
        {
            await SendAsync([request]).ConfigureAwait(false);
        }
        finally
        {
            _ = SendAllAsync();
        }

        return await request.Completion.ConfigureAwait(false);
    }

    private async ValueTask<EnqueueOutcome> WaitAsync(EnqueueRequest request, CancellationToken cancellationToken)
    {
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

        if (!cancellationToken.CanBeCanceled)
        {
            return await request.Completion.ConfigureAwait(false);
        }

        await using var given = cancellationToken.Register(
            static (state, token) =>
            {
                if (state is EnqueueRequest request && request.TryTake())
                {
                    request.Cancel(token);
                }
            },
            request).ConfigureAwait(false);
        return await request.Completion.ConfigureAwait(false);
    }

    /// <summary>Sends until nothing waits. Never fails: errors are the requests'.</summary>
    private async Task SendAllAsync()
    {
        while (Gather() is { Count: > 0 } group)
        {
            try
            {
                await SendAsync(group).ConfigureAwait(false);
                if (group.Count > 1)
                {
                    await Task.Yield(); // behind the callers that are about to go on, so that what they enqueue next goes together (jobs.redis.enqueue.100)
                }
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
                    bytes += request.Bytes;
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

    private async ValueTask SendAsync(List<EnqueueRequest> group)
    {
        var arguments = new List<RedisArgument>(8 + (2 * group.Count)) { now() };
        EnqueueText.Add(arguments, group);
        RedisReply reply;
        if (wish.Replicas == 0)
        {
            reply = await redis.EvaluateAsync(JobScripts.Enqueue, keys.All, CollectionsMarshal.AsSpan(arguments)).ConfigureAwait(false);
        }
        else
        {
            (reply, var confirmed) = await wish.RunAsync(redis, JobScripts.Enqueue, keys, arguments, CancellationToken.None).ConfigureAwait(false);
            group.ForEach(request => request.Confirm(wish, confirmed));
        }

        EnqueueText.Answer(keys.Queue, group, reply);
    }
}
