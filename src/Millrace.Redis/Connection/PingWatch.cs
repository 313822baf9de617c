using Millrace.Redis.Protocol;

namespace Millrace.Redis.Connection;

/// <summary>
/// Notices a server that is gone without a word: a connection on which nothing came for an interval is sent a PING, and is given up when
/// nothing comes for another. Called from the clock's ticks only.
/// </summary>
internal sealed class PingWatch(TimeSpan interval)
{
    private static readonly CommandName Ping = CommandName.Read("PING");
    private readonly long _interval = (long)interval.TotalMilliseconds;
    private RespConnection? _asked;
    private long _askedAt;

    public void OnTick(long now, RespConnection? connection)
    {
        if (_interval <= 0 || connection is null || now - connection.LastReceived < _interval)
        {
            _asked = null;
        }
        else if (_asked != connection || connection.LastReceived >= _askedAt)
        {
            // Not asked yet, or answered, which a tick that comes late sees only now.
            _asked = connection;
            _askedAt = now;
            Ask(connection, now + _interval);
        }
        else if (now - _askedAt >= _interval)
        {
            connection.Abort(new RedisConnectionException(
                $"{connection.Server} sent nothing for {now - connection.LastReceived} ms, not even an answer to PING (PingInterval)."));
        }
    }

    private static void Ask(RespConnection connection, long deadline)
    {
        var operation = RedisOperation<bool>.Rent(static (ref RespReader reader, RedisOperation _) =>
        {
            reader.Skip();
            return true;
        });
        operation.Encode(Ping, []);
        operation.Deadline = deadline; // so that it waits for no other connection
        connection.TryAppend(operation); // a full connection waits for replies anyway; nobody awaits this one
    }
}
