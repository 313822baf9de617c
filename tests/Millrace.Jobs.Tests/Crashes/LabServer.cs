namespace Millrace.Jobs.Tests.Crashes;

/// <summary>Where the jobs of a crash run are kept, and what happens to it.</summary>
internal abstract class LabServer : IAsyncDisposable
{
    /// <summary>The store, as the program is told.</summary>
    public abstract string Store { get; }

    /// <summary>Where it is, as the program is told.</summary>
    public abstract string Where { get; }

    /// <summary>Whether it may forget what it has acknowledged: its copies are asynchronous, and it fails over to one.</summary>
    public virtual bool MayForget => false;

    /// <summary>Opens the store for the test's own eyes.</summary>
    public abstract Task<JobStore> OpenAsync();

    /// <summary>Harms the server and mends it again.</summary>
    /// <returns>What was done; null when there is nothing to be done to it.</returns>
    public virtual Task<string?> DisturbAsync(Random random) => Task.FromResult<string?>(null);

    /// <summary>Whether the others can work while a process stands still where it does now.</summary>
    public virtual Task<bool> IsFreeAsync() => Task.FromResult(true);

    public abstract ValueTask DisposeAsync();
}
