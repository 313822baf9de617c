namespace Millrace.Realtime.Publishing;

/// <summary>
/// What waits to be written to one connection. Publishers put in and never wait; one drain per connection takes out and
/// writes, and waits for the client as long as it takes.
/// </summary>
/// <remarks>
/// <para>Each channel has a lane (<see cref="Subscription"/>) with bounds of its own and its channel's overflow policy. The drain
/// takes one publication per lane in turn, so a busy channel does not hold up a quiet one; within a lane, order is kept.
/// Notices go first: they are few (at most one per channel joined) and nothing of their channel follows them.</para>
/// <para>The bytes of all lanes are bounded too. At that bound the connection is closed whatever the policies, because dropping
/// from one channel for the sake of another is nobody's declared wish.</para>
/// <para>The drain is not a task that waits: the first item starts it on the thread pool and it ends when all is written. An
/// idle connection costs its fields only. Invariant: <c>_draining</c> is true exactly while a drain runs or is queued.</para>
/// </remarks>
internal sealed class Outbox(ChannelConnection connection, ChannelTransport transport, int capacityBytes) : IThreadPoolWorkItem, IAsyncDisposable
{
    private readonly Lock _lock = new(); // guards every field below but _stop and _disposed, and the lanes' waiting fields
    private readonly Queue<Subscription> _round = new(); // lanes with something waiting, each once
    private readonly Queue<(string Channel, string Reason)> _notices = new();
    private readonly CancellationTokenSource _stop = new();
    private int _bytes;
    private bool _draining;
    private bool _closed;
    private Subscription? _writing;
    private TaskCompletionSource? _written; // made by whoever waits for the write or the drain to end
    private TaskCompletionSource? _idle;
    private int _disposed;

    public int WaitingBytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    public OfferOutcome Offer(Subscription lane, Publication publication)
    {
        lock (_lock)
        {
            if (_closed || lane.IsEnded)
            {
                return default;
            }

            var dropped = 0;
            var size = publication.SizeBytes;
            var limits = lane.Limits;
            if (lane.Waiting.Count >= limits.OutboxPublications || lane.WaitingBytes + size > limits.OutboxBytes)
            {
                switch (limits.Overflow)
                {
                    case OverflowPolicy.Disconnect:
                        return new OfferOutcome(0, Overflowed: true);
                    case OverflowPolicy.CollapseToLatest:
                        dropped = Clear(lane);
                        break;
                    default:
                        dropped = DropOldest(lane, size);
                        break;
                }
            }

            if (_bytes + size > capacityBytes)
            {
                return new OfferOutcome(dropped, Overflowed: true);
            }

            lane.Waiting.Enqueue(publication);
            lane.WaitingBytes += size;
            _bytes += size;
            if (!lane.IsInRound)
            {
                lane.IsInRound = true;
                _round.Enqueue(lane);
            }

            StartDrain();
            return new OfferOutcome(dropped, Overflowed: false);
        }
    }

    /// <summary>Ends a lane: what waits is dropped. With a reason, the client is told.</summary>
    /// <returns>A task that ends when no write of this lane is under way any more.</returns>
    public Task End(Subscription lane, string? noticeReason)
    {
        lock (_lock)
        {
            Clear(lane);
            lane.IsEnded = true;
            if (noticeReason is not null && !_closed)
            {
                _notices.Enqueue((lane.Channel, noticeReason));
                StartDrain();
            }

            if (!ReferenceEquals(_writing, lane))
            {
                return Task.CompletedTask;
            }

            _written ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _written.Task;
        }
    }

    /// <summary>Accepts nothing more and frees what waits. A write under way goes on until <see cref="DisposeAsync"/>.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            while (_round.TryDequeue(out var lane))
            {
                lane.IsInRound = false;
                Clear(lane);
            }

            _notices.Clear();
        }
    }

    /// <summary>Closes, cancels a write under way and waits for the drain to end.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }

        Task idle;
        lock (_lock)
        {
            idle = _draining
                ? (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task
                : Task.CompletedTask;
        }

        await idle.ConfigureAwait(false);
        _stop.Dispose();
    }

    void IThreadPoolWorkItem.Execute() => _ = DrainAsync(); // ends by itself, awaited by DisposeAsync; never throws

    private async Task DrainAsync()
    {
        while (TryTake(out var publication, out var notice))
        {
            try
            {
                if (publication is not null)
                {
                    await transport.WriteAsync(publication, _stop.Token).ConfigureAwait(false);
                    connection.Delivered();
                }
                else
                {
                    await transport.WriteUnsubscribedAsync(notice.Channel, notice.Reason, _stop.Token).ConfigureAwait(false);
                }
            }
            catch (Exception exception) // a loop's top: whatever a transport throws ends this connection only
            {
                connection.WriteFailed(exception);
            }
        }
    }

    /// <summary>Ends the write before, and takes the next item; false ends the drain.</summary>
    private bool TryTake(out Publication? publication, out (string Channel, string Reason) notice)
    {
        lock (_lock)
        {
            publication = null;
            _writing = null;
            _written?.TrySetResult();
            _written = null;
            if (_notices.TryDequeue(out notice))
            {
                return true;
            }

            while (_round.TryDequeue(out var lane))
            {
                lane.IsInRound = false;
                if (!lane.Waiting.TryDequeue(out publication))
                {
                    continue; // its publications were dropped meanwhile
                }

                lane.WaitingBytes -= publication.SizeBytes;
                _bytes -= publication.SizeBytes;
                _writing = lane;
                if (lane.Waiting.Count > 0)
                {
                    lane.IsInRound = true;
                    _round.Enqueue(lane);
                }

                return true;
            }

            _draining = false;
            _idle?.TrySetResult();
            return false;
        }
    }

    private void StartDrain()
    {
        if (!_draining)
        {
            _draining = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private int DropOldest(Subscription lane, int neededBytes)
    {
        var dropped = 0;
        while (lane.Waiting.Count >= lane.Limits.OutboxPublications
            || (lane.Waiting.Count > 0 && lane.WaitingBytes + neededBytes > lane.Limits.OutboxBytes))
        {
            var size = lane.Waiting.Dequeue().SizeBytes;
            lane.WaitingBytes -= size;
            _bytes -= size;
            dropped++;
        }

        return dropped;
    }

    private int Clear(Subscription lane)
    {
        var count = lane.Waiting.Count;
        lane.Waiting.Clear();
        _bytes -= lane.WaitingBytes;
        lane.WaitingBytes = 0;
        return count;
    }
}
