namespace Millrace.Caching.Local;

/// <summary>A read of a source that is to bring an entry.</summary>
/// <param name="stamp">The stamp of the last invalidation when the read began.</param>
/// <param name="order">Which read of a source this is; later ones have greater numbers.</param>
internal abstract class PendingRead(long stamp, long order)
{
    public long Stamp { get; private set; } = stamp;

    public long Order { get; private set; } = order;

    private volatile bool _doomed;
    private volatile bool _isKnown;

    /// <summary>True when its value must not be stored; written under the lock of <see cref="LocalStore"/>.</summary>
    public bool Doomed
    {
        get => _doomed;
        set => _doomed = value;
    }

    /// <summary>True once anybody but the one who has begun it has a reference to it, or may have.</summary>
    public bool IsKnown
    {
        get => _isKnown;
        set => _isKnown = value;
    }

    /// <summary>Makes it another read; only where nobody knows it as the old one.</summary>
    protected void Renew(long stamp, long order) => (Stamp, Order, _doomed) = (stamp, order, false);
}
