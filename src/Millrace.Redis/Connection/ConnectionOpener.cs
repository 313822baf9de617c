namespace Millrace.Redis.Connection;

/// <summary>Opens connections: connects and greets the server, within the connect time-out.</summary>
internal sealed class ConnectionOpener(ClientClock clock, TimeProvider time)
{
    /// <summary>Opens a connection that is ready for commands.</summary>
    /// <exception cref="RedisException">It could not be opened; the connection has ended.</exception>
    public async Task<(RespConnection Connection, ServerGreeting Greeting)> OpenAsync(
        ConnectionSetup setup, ConnectionRole role, IConnectionOwner owner, CancellationToken cancellationToken)
    {
        var connection = new RespConnection(setup, owner, clock);
        using var limit = new CancellationTokenSource(setup.Options.ConnectTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        connection.Start();
        try
        {
            await connection.Opened.WaitAsync(both.Token).ConfigureAwait(false);
            var greeting = await Handshake.GreetAsync(connection, setup.Options, role, both.Token).ConfigureAwait(false);
            connection.MarkGreeted();
            return (connection, greeting);
        }
        catch (Exception error)
        {
            var failure = Describe(error, setup, limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested);
            connection.Abort(failure);
            throw failure;
        }
    }

    private static Exception Describe(Exception error, ConnectionSetup setup, bool isLate) => error switch
    {
        OperationCanceledException when !isLate => error,
        OperationCanceledException => new RedisConnectionException(
            $"{setup.Server} did not answer within {setup.Options.ConnectTimeout.TotalMilliseconds:0} ms (ConnectTimeout).",
            setup.Server, command: null, RedisDelivery.NotSent, error),
        RedisException => error,
        _ => new RedisConnectionException($"{setup.Server} could not be reached: {error.Message}", setup.Server, command: null, RedisDelivery.NotSent, error),
    };
}
