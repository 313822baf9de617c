namespace Millrace.Redis.Connection;

/// <summary>A connection that is lent to one caller at a time.</summary>
internal sealed class DedicatedConnection(DedicatedPool pool) : IConnectionOwner
{
    /// <summary>The connection.</summary>
    public RespConnection Connection { get; private set; } = null!;

    /// <summary>The server's number for it, by which it can be unblocked; 0: not told.</summary>
    public long ClientId { get; private set; }

    /// <summary>When it was given back, on the client's clock, in milliseconds.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether its state is not what a new connection's is, or not known: it is closed when it is given back.</summary>
    public bool IsTainted { get; set; }

    /// <summary>Whether the next caller would find it as a new one.</summary>
    public bool IsClean => !IsTainted && !Connection.IsClosing && Connection.InFlight == 0;

    /// <summary>Ends when the connection has ended.</summary>
    public Task Closed => Connection.Closed;

    /// <summary>Connects and greets the server.</summary>
    public async Task OpenAsync(ConnectionSetup setup, ConnectionOpener opener, CancellationToken cancellationToken)
    {
        (Connection, var greeting) = await opener.OpenAsync(setup, ConnectionRole.Dedicated, this, cancellationToken).ConfigureAwait(false);
        ClientId = greeting.ClientId;
    }

    /// <summary>Takes a command.</summary>
    /// <returns>False: the connection is full or has ended; the command was not taken.</returns>
    public bool TrySend(RedisOperation operation) => Connection.TryAppend(operation);

    /// <summary>Takes commands that leave in one write.</summary>
    /// <returns>How many were taken, the first ones.</returns>
    public int Send(ReadOnlySpan<RedisOperation> operations) => Connection.Append(operations);

    /// <summary>The error of a command that was not taken.</summary>
    public RedisConnectionException Refusal(RedisOperation operation) => new(
        $"{operation.Name.Text} was not sent: the dedicated connection to {Connection.Server} "
        + (Connection.IsClosing ? "has ended." : "is full (MaximumInFlight)."),
        Connection.Server, operation.Name.Text, RedisDelivery.NotSent, innerException: null);

    /// <summary>Times out commands that are late.</summary>
    public void Expire(long now) => Connection.Expire(now);

    /// <summary>Ends the connection; commands without a reply fail.</summary>
    public void Abort(string reason) => Connection.Abort(new RedisConnectionException(reason));

    public void OnPush(RespConnection connection, ref RespReader push)
    {
        // Nothing was subscribed to.
    }

    public void OnRoom(RespConnection connection)
    {
        // Nothing waits for room.
    }

    public void OnClosed(RespConnection connection, Exception reason, IReadOnlyList<(RedisOperation Operation, RedisDelivery Delivery)> unanswered)
    {
        foreach (var (operation, delivery) in unanswered)
        {
            operation.Fail(new RedisConnectionException(
                $"{operation.Name.Text} has no reply: the dedicated connection to {connection.Server} ended ({reason.Message}). "
                + (delivery == RedisDelivery.NotSent ? "It was not sent." : "It was sent and may have run."),
                connection.Server, operation.Name.Text, delivery, reason));
        }

        pool.Discard(this);
    }
}
