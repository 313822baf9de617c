namespace Millrace.Redis.Connection;

/// <summary>
/// A byte stream to a server. <see cref="Receive"/> blocks the connection's own thread: a thread that waits in the kernel is woken faster and
/// with less work than any asynchronous completion. One thread may receive while another sends; <see cref="Close"/> may come from any thread
/// at any time and ends both.
/// </summary>
internal abstract class Transport
{
    /// <summary>Waits for bytes.</summary>
    /// <returns>How many came; 0: the server closed the connection.</returns>
    public abstract int Receive(Span<byte> destination);

    /// <summary>Hands all bytes to the network.</summary>
    public abstract void Send(ReadOnlySpan<byte> bytes);

    /// <summary>Ends the connection. May be called more than once.</summary>
    public abstract void Close();
}
