namespace Millrace.Jobs.Stores.Sql.Sqlite.Writing;

/// <summary>One operation on its way to the writer. It is taken once, by the writer or by its caller's cancellation, whichever comes first.</summary>
internal abstract class WriteRequest
{
    private int _taken;

    /// <summary>Takes so long that it ends its group.</summary>
    public bool IsLarge { get; init; }

    /// <summary>True for whoever calls first.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _taken, 1) == 0;

    /// <summary>Does the work and keeps the result; may run again when a transaction was lost.</summary>
    public abstract ValueTask RunAsync(WriteSession session);

    /// <summary>The work is committed: the caller learns the result.</summary>
    public abstract void Succeed();

    /// <summary>The work is undone: the caller learns why.</summary>
    public abstract void Fail(Exception exception);
}
