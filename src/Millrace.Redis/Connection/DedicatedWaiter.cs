namespace Millrace.Redis.Connection;

/// <summary>A caller that waits for a dedicated connection. Its result: the connection, or null where it may open one.</summary>
internal sealed class DedicatedWaiter : TaskCompletionSource<DedicatedConnection?>
{
    public DedicatedWaiter(string command, long deadline)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Command = command;
        Deadline = deadline;
        Place = new LinkedListNode<DedicatedWaiter>(this);
    }

    /// <summary>What it is for, for errors.</summary>
    public string Command { get; }

    /// <summary>When it times out, on the client's clock, in milliseconds.</summary>
    public long Deadline { get; }

    /// <summary>Its place among those who wait.</summary>
    public LinkedListNode<DedicatedWaiter> Place { get; }
}
