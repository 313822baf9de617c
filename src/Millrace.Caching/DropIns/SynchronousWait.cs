namespace Millrace.Caching.DropIns;

/// <summary>
/// Ends an operation on the caller's thread, for interfaces that have synchronous methods; the only place in Millrace that may block. In one process
/// the operation has ended already and nothing waits. Otherwise the thread is blocked until the second level has answered or its time-out is over.
/// What it waits for never needs the caller's thread or its synchronization context (every await in the library leaves it), so it cannot deadlock.
/// </summary>
internal static class SynchronousWait
{
    public static T End<T>(ValueTask<T> operation) =>
        operation.IsCompleted ? operation.GetAwaiter().GetResult() : operation.AsTask().GetAwaiter().GetResult();

    public static void End(ValueTask operation)
    {
        if (operation.IsCompleted)
        {
            operation.GetAwaiter().GetResult();
        }
        else
        {
            operation.AsTask().GetAwaiter().GetResult();
        }
    }
}
