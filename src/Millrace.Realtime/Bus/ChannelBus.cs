namespace Millrace.Realtime.Bus;

/// <summary>
/// Carries publications and revocations from the process that makes them to every process that delivers them, this one included.
/// What one process publishes to one channel arrives everywhere in that order. An implementation hands what arrives to
/// <see cref="Deliver"/> and <see cref="Revoke"/>, which never wait.
/// </summary>
internal abstract class ChannelBus
{
    private Action<Publication>? _deliver;
    private Action<Revocation>? _revoke;

    public abstract ValueTask PublishAsync(Publication publication, CancellationToken cancellationToken);

    public abstract ValueTask RevokeAsync(Revocation revocation, CancellationToken cancellationToken);

    /// <summary>Says, once and before anything is published, where arrivals go.</summary>
    public void Attach(Action<Publication> deliver, Action<Revocation> revoke) => (_deliver, _revoke) = (deliver, revoke);

    protected void Deliver(Publication publication) => (_deliver ?? throw NotAttached())(publication);

    protected void Revoke(Revocation revocation) => (_revoke ?? throw NotAttached())(revocation);

    private static InvalidOperationException NotAttached() => new("The bus is used before it is attached to the delivery.");
}
