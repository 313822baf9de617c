namespace Millrace.Realtime.Bus.Memory;

/// <summary>The bus of one process: what is published is delivered before the publisher's call returns, on its thread.</summary>
internal sealed class MemoryBus : ChannelBus
{
    public override ValueTask PublishAsync(Publication publication, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deliver(publication);
        return ValueTask.CompletedTask;
    }

    public override ValueTask RevokeAsync(Revocation revocation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Revoke(revocation);
        return ValueTask.CompletedTask;
    }
}
