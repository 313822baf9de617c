using System.Threading.Channels;

namespace Millrace.Caching.WriteBehind.Sql;

/// <summary>The one writer of a store: takes what waits, does it in one transaction, and acknowledges after the commit.</summary>
/// <remarks>
/// <para>A commit costs a flush of the disk, whatever it holds. While one is under way operations gather, and the next transaction takes them all; one
/// that comes when the writer is idle starts at once.</para>
/// <para>When anything fails, the transaction is undone and each of its operations is done once more, alone, so that only the failing one fails. The
/// connection is made anew after a failure, because it may be the connection's. Operations may be repeated, so callers may try again.</para>
/// <para>At most <see cref="MaximumWaiting"/> operations wait; a caller that comes then waits for room.</para>
/// </remarks>
internal sealed class GroupCommit : IAsyncDisposable
{
    public const int MaximumGroup = 256;
    public const int MaximumWaiting = 1_024;

    private readonly Func<ValueTask<WriteSession>> _open;
    private readonly Func<WriteSession, ValueTask> _begin;
    private readonly Channel<WriteRequest> _line = Channel.CreateBounded<WriteRequest>(
        new BoundedChannelOptions(MaximumWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Task _loop;
    private WriteSession? _session;

    /// <param name="open">Opens the connection that writes.</param>
    /// <param name="begin">Begins a transaction on it.</param>
    public GroupCommit(Func<ValueTask<WriteSession>> open, Func<WriteSession, ValueTask> begin)
    {
        (_open, _begin) = (open, begin);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Does an operation and returns its result once it is committed. The token gives up one that has not begun.</summary>
    public async ValueTask<T> RunAsync<T>(Func<WriteSession, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        var request = new WriteRequest<T>(run);
        try
        {
            await _line.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException closed)
        {
            throw new ObjectDisposedException("The store of pending writes is closed.", closed);
        }

        var registration = cancellationToken.Register(static (state, token) => ((WriteRequest<T>)state!).Cancel(token), request);
        await using (registration.ConfigureAwait(false))
        {
            return await request.Completion.ConfigureAwait(false);
        }
    }

    /// <summary>Does what waits, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        _line.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    private async Task LoopAsync()
    {
        var group = new List<WriteRequest>(MaximumGroup);
        while (await _line.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            group.Clear();
            while (group.Count < MaximumGroup && _line.Reader.TryRead(out var request))
            {
                if (request.TryTake())
                {
                    group.Add(request);
                }
            }

            await CommitAsync(group).ConfigureAwait(false);
        }
    }

    private async ValueTask CommitAsync(List<WriteRequest> group)
    {
        if (group.Count == 0 || await TryCommitAsync(group).ConfigureAwait(false) is not { } failure)
        {
            return;
        }

        if (group.Count == 1)
        {
            group[0].Fail(failure);
            return;
        }

        foreach (var request in group)
        {
            if (await TryCommitAsync([request]).ConfigureAwait(false) is { } error)
            {
                request.Fail(error);
            }
        }
    }

    private async ValueTask<Exception?> TryCommitAsync(List<WriteRequest> group)
    {
        try
        {
            _session ??= await _open().ConfigureAwait(false);
            await _begin(_session).ConfigureAwait(false);
            foreach (var request in group)
            {
                await request.RunAsync(_session).ConfigureAwait(false);
            }

            await _session.RunAsync("COMMIT").ConfigureAwait(false);
        }
        catch (Exception exception) // the callers', who wait for it
        {
            await CloseAsync().ConfigureAwait(false); // which undoes the transaction
            return exception;
        }

        group.ForEach(static request => request.Succeed());
        return null;
    }

    private async ValueTask CloseAsync()
    {
        if (_session is null)
        {
            return;
        }

        try
        {
            await _session.RunAsync("ROLLBACK").ConfigureAwait(false); // a pooled connection may outlive its closing
        }
        catch (Exception)
        {
            // No transaction is open, or the connection is gone: both leave nothing to undo.
        }

        await _session.DisposeAsync().ConfigureAwait(false);
        _session = null;
    }
}
