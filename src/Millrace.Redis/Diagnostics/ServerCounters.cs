namespace Millrace.Redis.Diagnostics;

/// <summary>
/// What one server's connections have done, and whether it can be reached. Connections count once for each write to the network and each
/// read, not for each command. Thread-safe.
/// </summary>
internal sealed class ServerCounters(RedisEndpoint endpoint)
{
    private readonly Lock _lock = new(); // guards the fields up to _credentialsRefused
    private readonly List<IOpenConnection> _connections = [];
    private readonly HashSet<object> _down = [];  // links that are not connected
    private readonly HashSet<object> _known = []; // links that were connected before
    private DateTimeOffset? _since;
    private long _outageStart;
    private int _attempts;
    private bool _credentialsRefused;

    private long _commands;
    private long _errors;
    private long _sent;
    private long _received;
    private long _reconnects;

    /// <summary>The server, <c>host:port</c>.</summary>
    public string Server { get; } = endpoint.ToString();

    /// <summary>The value of <c>server.address</c>.</summary>
    public string Address { get; } = endpoint.Host;

    /// <summary>The value of <c>server.port</c>, an int, boxed once.</summary>
    public object Port { get; } = endpoint.Port;

    public void Sent(long commands, long bytes)
    {
        Interlocked.Add(ref _commands, commands);
        Interlocked.Add(ref _sent, bytes);
    }

    public void Received(int bytes) => Interlocked.Add(ref _received, bytes);

    public void Failed() => Interlocked.Increment(ref _errors);

    public void Add(IOpenConnection connection)
    {
        lock (_lock)
        {
            _connections.Add(connection);
        }
    }

    public void Remove(IOpenConnection connection)
    {
        lock (_lock)
        {
            _connections.Remove(connection);
        }
    }

    /// <summary>A link has no connection: it lost it, or could not get one.</summary>
    /// <param name="link">Which; compared by reference.</param>
    /// <param name="time">The time.</param>
    /// <param name="isAttempt">Whether an attempt to connect failed.</param>
    /// <param name="refusesCredentials">Whether that was for the credentials.</param>
    /// <returns>What is to be said of it.</returns>
    public OutageNews Down(object link, TimeProvider time, bool isAttempt, bool refusesCredentials)
    {
        lock (_lock)
        {
            var isFirst = _down.Count == 0;
            _down.Add(link);
            if (isFirst)
            {
                (_since, _outageStart, _attempts, _credentialsRefused) = (time.GetUtcNow(), time.GetTimestamp(), 0, false);
            }

            _attempts += isAttempt ? 1 : 0;
            if (refusesCredentials && !_credentialsRefused)
            {
                _credentialsRefused = true;
                return OutageNews.CredentialsRefused;
            }

            return isFirst ? OutageNews.Started : OutageNews.None;
        }
    }

    /// <summary>A link is connected.</summary>
    /// <returns>Whether an outage ends with it, how long it was and how many attempts it took.</returns>
    public (bool EndsOutage, TimeSpan Duration, int Attempts) Up(object link, TimeProvider time)
    {
        lock (_lock)
        {
            if (!_known.Add(link))
            {
                Interlocked.Increment(ref _reconnects);
            }

            _since ??= time.GetUtcNow();
            if (!_down.Remove(link) || _down.Count > 0)
            {
                return default;
            }

            _since = time.GetUtcNow();
            return (true, time.GetElapsedTime(_outageStart), _attempts);
        }
    }

    public RedisServerStatistics Snapshot(bool isConnected, int waiting, DateTimeOffset created)
    {
        lock (_lock)
        {
            var (open, busy, inFlight) = (0, 0, 0);
            foreach (var connection in _connections)
            {
                var commands = connection.InFlight;
                open += connection.IsOpen ? 1 : 0;
                busy += connection.IsOpen && commands > 0 ? 1 : 0;
                inFlight += commands;
            }

            return new RedisServerStatistics
            {
                Server = endpoint,
                IsConnected = isConnected,
                Since = _since ?? created,
                Connections = open,
                BusyConnections = busy,
                Commands = Interlocked.Read(ref _commands),
                Errors = Interlocked.Read(ref _errors),
                BytesSent = Interlocked.Read(ref _sent),
                BytesReceived = Interlocked.Read(ref _received),
                Reconnects = Interlocked.Read(ref _reconnects),
                InFlight = inFlight,
                Waiting = waiting,
            };
        }
    }
}
