namespace Millrace.Redis.Connection;

/// <summary>Told what happens on a connection. All calls come from the connection's own thread and must not block.</summary>
internal interface IConnectionOwner
{
    /// <summary>A push came. It is told after all replies before it have been handed to their operations, and before any after it.</summary>
    void OnPush(RespConnection connection, ref RespReader push);

    /// <summary>Replies made room for further commands.</summary>
    void OnRoom(RespConnection connection);

    /// <summary>A command that has to be sent again found no room on the connection, or the connection ended.</summary>
    void OnRefused(RespConnection connection, RedisOperation operation) => operation.Fail(new RedisConnectionException(
        $"{operation.Name.Text} had to be sent to {connection.Server} again and was not: the connection is full or has ended.",
        connection.Server, operation.Name.Text, RedisDelivery.NotSent, innerException: null));

    /// <summary>The connection has ended; nothing else is told after it.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why.</param>
    /// <param name="unanswered">Operations without a reply, oldest first, and whether each may have run.</param>
    void OnClosed(RespConnection connection, Exception reason, IReadOnlyList<(RedisOperation Operation, RedisDelivery Delivery)> unanswered);
}
