namespace Millrace.Redis;

/// <summary>
/// Every name that this package measures and traces under: those of the OpenTelemetry semantic conventions for database clients where there is
/// one, <c>millrace.redis</c> otherwise.
/// </summary>
internal static class MetricNames
{
    /// <summary>Of the meter and of the activity source.</summary>
    public const string Source = "Millrace.Redis";

    public const string OperationDuration = "db.client.operation.duration";
    public const string ConnectionCount = "db.client.connection.count";
    public const string PendingRequests = "db.client.connection.pending_requests";
    public const string Commands = "millrace.redis.commands";
    public const string Errors = "millrace.redis.errors";
    public const string InFlight = "millrace.redis.in_flight";
    public const string NetworkBytes = "millrace.redis.network.io";
    public const string Reconnects = "millrace.redis.reconnects";

    public const string System = "db.system.name";
    public const string SystemRedis = "redis";
    public const string OperationName = "db.operation.name";
    public const string Namespace = "db.namespace";
    public const string ResponseStatus = "db.response.status_code";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";
    public const string ErrorType = "error.type";
    public const string PoolName = "db.client.connection.pool.name";
    public const string ConnectionState = "db.client.connection.state";
    public const string Direction = "network.io.direction";
}
