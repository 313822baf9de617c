namespace Millrace.Realtime.Publishing;

/// <summary>Writes to a delegate: the transport of a subscription inside the process.</summary>
internal sealed class HandlerTransport(
    Func<Publication, CancellationToken, ValueTask> handler,
    Action<Exception, string> failed) : ChannelTransport
{
    private readonly AsyncLocal<bool> _isInHandler = new();
    private readonly TaskCompletionSource<string?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True in the handler's own flow, where waiting for the handler to end would never end.</summary>
    public bool IsInHandler => _isInHandler.Value;

    public Task<string?> Ended => _ended.Task;

    public void End(string? reason) => _ended.TrySetResult(reason);

    public override async ValueTask WriteAsync(Publication publication, CancellationToken cancellationToken)
    {
        _isInHandler.Value = true; // lasts to the end of this async method
        try
        {
            await handler(publication, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The subscription is being disposed.
        }
        catch (Exception exception) // a handler call: its fault does not end the subscription
        {
            failed(exception, publication.Channel);
        }
    }

    public override ValueTask WriteUnsubscribedAsync(string channel, string reason, CancellationToken cancellationToken)
    {
        End(reason);
        return ValueTask.CompletedTask;
    }

    public override void Close(string reason, bool mayReconnect) => End(reason);
}
