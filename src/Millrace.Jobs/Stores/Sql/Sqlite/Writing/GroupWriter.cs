using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Millrace.Jobs.Stores.Sql.Sqlite.Writing;

/// <summary>The one writer: takes what waits, does it in one transaction, and acknowledges after the commit.</summary>
/// <remarks>
/// <para>A commit costs a flush of the disk, whatever it holds. While one is under way, operations gather; the next transaction takes them all.
/// An operation that comes when the writer is idle starts at once, so the group brings no delay.</para>
/// <para>Each operation of a group runs in a savepoint: one that fails is undone alone. When a failure takes the whole transaction with it (a full
/// disk may), those that had succeeded are done again, each in a transaction of its own. When the transaction cannot begin or commit, all
/// of the group fail; the operations are idempotent, so their callers may try again.</para>
/// <para>What workers live by (claims, ends, heartbeats) goes before the rest, however long the line; each worker has few of these under way, so the
/// rest is not starved. A group ends after a large operation, so that nobody waits for many of them.</para>
/// <para>At most <see cref="MaximumWaiting"/> operations wait; a caller that comes then waits for room, which is the back-pressure.</para>
/// </remarks>
internal sealed class GroupWriter : IAsyncDisposable
{
    /// <summary>Most operations in one transaction.</summary>
    public const int MaximumGroup = 256;

    /// <summary>Most operations in line.</summary>
    public const int MaximumWaiting = 1_024;

    /// <summary>An operation of more jobs than this is the last of its group.</summary>
    public const int LargeOperation = 100;

    private readonly WriteSession _session;
    private readonly Action<string> _wake;
    private readonly ConcurrentQueue<WriteRequest> _urgent = new(); // bounded by the workers: each has one claim, one heartbeat and one finish under way
    private readonly Channel<WriteRequest?> _line = Channel.CreateBounded<WriteRequest?>( // null: look at what is urgent
        new BoundedChannelOptions(MaximumWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Task _loop;
    private bool _closed;

    /// <summary>Starts the writer on a session that becomes its own.</summary>
    /// <param name="session">The connection that writes.</param>
    /// <param name="wake">Told, after the commit, of each queue in which there is work.</param>
    public GroupWriter(WriteSession session, Action<string> wake)
    {
        _session = session;
        _wake = wake;
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Does an operation and returns its result once it is committed.</summary>
    /// <param name="run">The operation.</param>
    /// <param name="jobs">How many jobs it is about.</param>
    /// <param name="cancellationToken">Gives up an operation that has not begun.</param>
    public async ValueTask<T> WriteAsync<T>(Func<WriteSession, ValueTask<T>> run, int jobs, CancellationToken cancellationToken)
    {
        var operation = new WriteOperation<T>(run) { IsLarge = jobs > LargeOperation };
        try
        {
            await _line.Writer.WriteAsync(operation, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw Closed();
        }

        return await CompleteAsync(operation, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same, ahead of the line.</summary>
    public ValueTask<T> WriteUrgentAsync<T>(Func<WriteSession, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        var operation = new WriteOperation<T>(run);
        _urgent.Enqueue(operation);
        if (!_line.Writer.TryWrite(null) && Volatile.Read(ref _closed) && operation.TryTake())
        {
            throw Closed(); // a full line needs no call: the writer looks here before each group
        }

        return CompleteAsync(operation, cancellationToken);
    }

    private static ObjectDisposedException Closed() => new(nameof(SqlJobStore), "The job store is closed.");

    private static async ValueTask<T> CompleteAsync<T>(WriteOperation<T> operation, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.Register(
            static (state, token) => ((WriteOperation<T>)state!).Cancel(token), operation);
        await using (registration.ConfigureAwait(false))
        {
            return await operation.Completion.ConfigureAwait(false);
        }
    }

    /// <summary>Does what waits, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _closed, true);
        if (_line.Writer.TryComplete())
        {
            await _loop.ConfigureAwait(false);
            await _session.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task LoopAsync()
    {
        var group = new List<WriteRequest>(MaximumGroup);
        while (await _line.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            group.Clear();
            Gather(group);
            if (group.Count > 0)
            {
                await WriteGroupAsync(group).ConfigureAwait(false);
            }
        }
    }

    private void Gather(List<WriteRequest> group)
    {
        while (_urgent.TryDequeue(out var request))
        {
            if (request.TryTake())
            {
                group.Add(request);
            }
        }

        var full = false;
        while (!full && group.Count < MaximumGroup && _line.Reader.TryRead(out var request))
        {
            if (request is not null && request.TryTake())
            {
                group.Add(request);
                full = request.IsLarge;
            }
        }
    }

    private async ValueTask WriteGroupAsync(List<WriteRequest> group)
    {
        // 1. Begin.
        if (await TryAsync(SqliteSchema.BeginWrite).ConfigureAwait(false) is { } failure)
        {
            group.ForEach(request => request.Fail(failure));
            return;
        }

        // 2. Do each in a savepoint.
        var done = new List<WriteRequest>(group.Count);
        var woken = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < group.Count; i++)
        {
            if (await RunAsync(group[i]).ConfigureAwait(false) is not { } error)
            {
                done.Add(group[i]);
                woken.UnionWith(_session.Woken);
                continue;
            }

            group[i].Fail(error);
            if (await TryAsync("ROLLBACK TO operation").ConfigureAwait(false) is null && await TryAsync("RELEASE operation").ConfigureAwait(false) is null)
            {
                continue;
            }

            // 3. The whole transaction is lost: once more for the others, one by one.
            await TryAsync("ROLLBACK").ConfigureAwait(false);
            foreach (var other in (List<WriteRequest>)[.. done, .. group[(i + 1)..]])
            {
                await WriteGroupAsync([other]).ConfigureAwait(false);
            }

            return;
        }

        // 4. Commit, then acknowledge, then wake.
        if (await TryAsync("COMMIT").ConfigureAwait(false) is { } uncommitted)
        {
            await TryAsync("ROLLBACK").ConfigureAwait(false);
            done.ForEach(request => request.Fail(uncommitted));
            return;
        }

        done.ForEach(static request => request.Succeed());
        foreach (var queue in woken)
        {
            _wake(queue);
        }
    }

    private async ValueTask<Exception?> RunAsync(WriteRequest request)
    {
        try
        {
            await _session.Statement("SAVEPOINT operation").RunAsync().ConfigureAwait(false);
            _session.Begin();
            await request.RunAsync(_session).ConfigureAwait(false);
            await _session.FlushCountsAsync().ConfigureAwait(false);
            await _session.Statement("RELEASE operation").RunAsync().ConfigureAwait(false);
            return null;
        }
        catch (Exception exception)
        {
            return exception; // the caller's, who waits for it
        }
    }

    private async ValueTask<Exception?> TryAsync(string sql)
    {
        try
        {
            await _session.Statement(sql).RunAsync().ConfigureAwait(false);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}
