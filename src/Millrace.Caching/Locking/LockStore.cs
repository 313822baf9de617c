namespace Millrace.Caching.Locking;

/// <summary>Where locks are: each operation is one atomic step.</summary>
internal abstract class LockStore : IAsyncDisposable
{
    /// <summary>Takes a lock if nobody has it, or if the same owner has it already.</summary>
    /// <param name="name">The lock.</param>
    /// <param name="owner">Who asks; nobody else ever uses that name.</param>
    /// <param name="lease">How long it is held without being renewed.</param>
    /// <param name="isWaiting">Whether a release is to be told.</param>
    /// <param name="cancellationToken">Gives up; the lock may be taken nevertheless.</param>
    public abstract ValueTask<LockAnswer> AcquireAsync(string name, string owner, TimeSpan lease, bool isWaiting, CancellationToken cancellationToken);

    /// <summary>Begins the lease anew; false when the lock is not the owner's.</summary>
    public abstract ValueTask<bool> RenewAsync(string name, string owner, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Gives the lock back; false when it was not the owner's.</summary>
    public abstract ValueTask<bool> ReleaseAsync(string name, string owner, CancellationToken cancellationToken);

    /// <summary>Begins to tell of releases, if it does not yet. Never fails: what cannot be told is asked for.</summary>
    public abstract ValueTask ListenAsync(CancellationToken cancellationToken);

    /// <summary>Is called with the name of a lock that was given back; with null when that may have happened to any. Set by its one user.</summary>
    public Action<string?>? Released { get; set; }

    public abstract ValueTask DisposeAsync();

    protected void TellReleased(string? name) => Released?.Invoke(name);
}
