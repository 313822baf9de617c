using System.Threading.Channels;

namespace Millrace.Realtime.Tests;

/// <summary>A client whose reading the test controls: closed, its first write waits until <see cref="Open"/>.</summary>
internal sealed class GatedTransport : ChannelTransport
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<(string Reason, bool MayReconnect)> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    public GatedTransport(bool open)
    {
        if (open)
        {
            _gate.SetResult();
        }
    }

    /// <summary>Ends when a write waits at the gate.</summary>
    public Task Stalled => _stalled.Task.WaitAsync(Subject.Guard);

    public Task<(string Reason, bool MayReconnect)> Closed => _closed.Task.WaitAsync(Subject.Guard);

    public bool IsClosed => _closed.Task.IsCompleted;

    public Exception? Failure { get; set; }

    public int Waiting => _lines.Reader.Count;

    public void Open() => _gate.TrySetResult();

    /// <summary>The next line written: <c>channel=json</c>, or <c>channel!reason</c> for a notice.</summary>
    public async Task<string> NextAsync() => await _lines.Reader.ReadAsync().AsTask().WaitAsync(Subject.Guard);

    public async Task<List<string>> TakeAsync(int count)
    {
        List<string> lines = [];
        while (lines.Count < count)
        {
            lines.Add(await NextAsync());
        }

        return lines;
    }

    public override async ValueTask WriteAsync(Publication publication, CancellationToken cancellationToken)
    {
        _stalled.TrySetResult();
        await _gate.Task.WaitAsync(cancellationToken);
        if (Failure is not null)
        {
            throw Failure;
        }

        _lines.Writer.TryWrite($"{publication.Channel}={System.Text.Encoding.UTF8.GetString(publication.Data.Span)}");
    }

    public override async ValueTask WriteUnsubscribedAsync(string channel, string reason, CancellationToken cancellationToken)
    {
        await _gate.Task.WaitAsync(cancellationToken);
        _lines.Writer.TryWrite($"{channel}!{reason}");
    }

    public override void Close(string reason, bool mayReconnect) => Assert.True(_closed.TrySetResult((reason, mayReconnect)), "Closed twice.");
}
