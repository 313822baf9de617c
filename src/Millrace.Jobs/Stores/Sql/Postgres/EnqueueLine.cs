namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Takes enqueues together: while some are under way, others gather, and those of one queue then go in one statement. Thread-safe.</summary>
/// <remarks>
/// <para>A statement, its round trip and its commit cost about the same for one job as for a hundred. One that comes when a lane is free starts at once.</para>
/// <para>When a group cannot be stored as a whole (a full queue, a job that the database refuses), each is done again alone.</para>
/// <para>The line needs no bound: each caller waits for its own enqueue and holds the jobs anyway. That it waits is the back-pressure.</para>
/// </remarks>
internal sealed class EnqueueLine(Func<IReadOnlyList<NewJob>, int, ValueTask<EnqueueAnswer>> enqueue)
{
    /// <summary>Most statements at once.</summary>
    public const int MaximumLanes = 4;

    /// <summary>Most jobs in one statement, but for an enqueue of more.</summary>
    public const int MaximumGroup = 1_000;

    private readonly Lock _lock = new(); // guards the two below
    private readonly LinkedList<EnqueueRequest> _waiting = [];
    private int _lanes;

    /// <summary>Enqueues and returns when it is committed.</summary>
    public async ValueTask<EnqueueOutcome> RunAsync(IReadOnlyList<NewJob> jobs, int maximum, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = new EnqueueRequest(jobs, maximum);
        lock (_lock)
        {
            _waiting.AddLast(request);
            if (_lanes < MaximumLanes)
            {
                _lanes++;
                _ = Task.Run(DrainAsync, CancellationToken.None); // ends with the line, whose callers wait for it
            }
        }

        var registration = cancellationToken.Register(static (state, token) => ((EnqueueRequest)state!).Cancel(token), request);
        await using (registration.ConfigureAwait(false))
        {
            return await request.Completion.ConfigureAwait(false);
        }
    }

    /// <summary>One lane: takes what waits until nothing does.</summary>
    private async Task DrainAsync()
    {
        while (Gather() is { Count: > 0 } group)
        {
            await StoreAsync(group).ConfigureAwait(false);
        }
    }

    private List<EnqueueRequest> Gather()
    {
        lock (_lock)
        {
            var group = new List<EnqueueRequest>();
            var jobs = 0;
            for (var node = _waiting.First; node is not null && jobs < MaximumGroup;)
            {
                var (request, next) = (node.Value, node.Next);
                if (group.Count == 0 || (request.CanShare(group[0]) && jobs + request.Jobs.Count <= MaximumGroup))
                {
                    _waiting.Remove(node);
                    if (request.TryTake())
                    {
                        group.Add(request);
                        jobs += request.Jobs.Count;
                    }
                }

                node = next;
            }

            if (group.Count == 0)
            {
                _lanes--;
            }

            return group;
        }
    }

    private async ValueTask StoreAsync(List<EnqueueRequest> group)
    {
        if (group.Count > 1 && await TryTogetherAsync(group).ConfigureAwait(false))
        {
            return;
        }

        foreach (var request in group)
        {
            try
            {
                request.Succeed((await enqueue(request.Jobs, request.Maximum).ConfigureAwait(false)).Of(request.Jobs));
            }
            catch (Exception error)
            {
                request.Fail(error); // the caller's, who waits for it
            }
        }
    }

    /// <summary>False when nothing of the group was stored.</summary>
    private async ValueTask<bool> TryTogetherAsync(List<EnqueueRequest> group)
    {
        EnqueueAnswer answer;
        try
        {
            answer = await enqueue([.. group.SelectMany(static request => request.Jobs)], group[0].Maximum).ConfigureAwait(false);
        }
        catch (Exception)
        {
            return false; // whoever it was about learns it when each is done alone
        }

        if (answer.IsFull)
        {
            return false;
        }

        var first = 0;
        foreach (var request in group)
        {
            request.Succeed(answer.Of(request.Jobs, first));
            first += request.Jobs.Count;
        }

        return true;
    }
}
