using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Diagnostics;

/// <summary>
/// The instruments and spans of one client. Counters are read from the servers' statistics when they are asked for; durations are taken only
/// while somebody listens. Thread-safe.
/// </summary>
internal sealed class ClientTelemetry : IDisposable
{
    private const int MaximumCodeLength = 32;

    private static readonly ActivitySource Source = new(MetricNames.Source);

    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Histogram<double> _duration;
    private readonly TimeProvider _time;
    private readonly string _namespace;
    private volatile Func<IReadOnlyList<RedisServerStatistics>> _servers;

    public ClientTelemetry(IMeterFactory? factory, TimeProvider time, int database, Func<IReadOnlyList<RedisServerStatistics>> servers)
    {
        _time = time;
        _servers = servers;
        _namespace = database.ToString(CultureInfo.InvariantCulture);
        _ownsMeter = factory is null;
        _meter = factory?.Create(MetricNames.Source) ?? new Meter(MetricNames.Source);
        _duration = _meter.CreateHistogram(
            MetricNames.OperationDuration, "s", "Duration of database client operations.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5] });
        _meter.CreateObservableUpDownCounter(MetricNames.ConnectionCount, Connections, "{connection}", "The number of connections that are currently in the state described.");
        _meter.CreateObservableUpDownCounter(MetricNames.PendingRequests, () => Each(static server => server.Waiting, isPool: true), "{request}", "Commands that wait for a connection, or for room on one.");
        _meter.CreateObservableUpDownCounter(MetricNames.InFlight, () => Each(static server => server.InFlight), "{command}", "Commands on their way that are not answered yet.");
        _meter.CreateObservableCounter(MetricNames.Commands, () => Each(static server => server.Commands), "{command}", "Commands handed to the network.");
        _meter.CreateObservableCounter(MetricNames.Errors, () => Each(static server => server.Errors), "{command}", "Commands answered with an error, timed out, or lost with their connection.");
        _meter.CreateObservableCounter(MetricNames.Reconnects, () => Each(static server => server.Reconnects), "{connection}", "Shared connections that came back after a loss.");
        _meter.CreateObservableCounter(MetricNames.NetworkBytes, Bytes, "By", "Bytes of commands (transmit), of replies and pushes (receive).");
    }

    /// <summary>Whether somebody listens to durations or spans.</summary>
    public bool IsEnabled => _duration.Enabled || Source.HasListeners();

    public long Timestamp() => _time.GetTimestamp();

    /// <summary>Starts a span without making it the caller's current one: the caller goes on before it ends.</summary>
    public Activity? StartActivity(CommandName name)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var current = Activity.Current;
        var activity = Source.StartActivity(
            name.Text, ActivityKind.Client, parentContext: default,
            [new(MetricNames.System, MetricNames.SystemRedis), new(MetricNames.OperationName, name.Text), new(MetricNames.Namespace, _namespace)]);
        Activity.Current = current;
        return activity;
    }

    public void Ended(CommandName name, Activity? activity, ServerCounters? server, long started, Exception? error)
    {
        var code = error is RedisServerException refusal ? Code(refusal) : null;
        var errorType = error is null ? null : code ?? (error is RedisTimeoutException ? "timeout" : error.GetType().FullName);
        if (_duration.Enabled)
        {
            var tags = new TagList
            {
                { MetricNames.System, MetricNames.SystemRedis },
                { MetricNames.OperationName, name.Text },
            };
            if (server is not null)
            {
                tags.Add(MetricNames.ServerAddress, server.Address);
                tags.Add(MetricNames.ServerPort, server.Port);
            }

            if (errorType is not null)
            {
                tags.Add(MetricNames.ErrorType, errorType);
            }

            _duration.Record(_time.GetElapsedTime(started).TotalSeconds, tags);
        }

        if (activity is not null)
        {
            End(activity, server, code, errorType);
        }
    }

    public void Dispose()
    {
        _servers = static () => []; // a factory's meter lives on
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }

    private static void End(Activity activity, ServerCounters? server, string? code, string? errorType)
    {
        if (server is not null)
        {
            activity.SetTag(MetricNames.ServerAddress, server.Address);
            activity.SetTag(MetricNames.ServerPort, server.Port);
        }

        if (errorType is not null)
        {
            activity.SetTag(MetricNames.ErrorType, errorType);
            activity.SetStatus(ActivityStatusCode.Error);
        }

        if (code is not null)
        {
            activity.SetTag(MetricNames.ResponseStatus, code);
        }

        var current = Activity.Current; // this thread's, which stopping would replace by the caller's
        activity.Stop();
        Activity.Current = current;
    }

    /// <summary>The code of a server's error. Scripts make up texts of their own: what does not look like a code is none.</summary>
    private static string Code(RedisServerException error) =>
        error.Code is { Length: > 0 and <= MaximumCodeLength } code && !code.AsSpan().ContainsAnyExceptInRange('A', 'Z') ? code : "ERR";

    private IEnumerable<Measurement<long>> Each(Func<RedisServerStatistics, long> figure, bool isPool = false)
    {
        foreach (var server in _servers())
        {
            yield return isPool
                ? new Measurement<long>(figure(server), Tags(server, new KeyValuePair<string, object?>(MetricNames.PoolName, server.Server.ToString())))
                : new Measurement<long>(figure(server), Tags(server));
        }
    }

    private IEnumerable<Measurement<long>> Connections()
    {
        foreach (var server in _servers())
        {
            KeyValuePair<string, object?> pool = new(MetricNames.PoolName, server.Server.ToString());
            yield return new Measurement<long>(server.BusyConnections, Tags(server, pool, new(MetricNames.ConnectionState, "used")));
            yield return new Measurement<long>(server.Connections - server.BusyConnections, Tags(server, pool, new(MetricNames.ConnectionState, "idle")));
        }
    }

    private IEnumerable<Measurement<long>> Bytes()
    {
        foreach (var server in _servers())
        {
            yield return new Measurement<long>(server.BytesSent, Tags(server, new KeyValuePair<string, object?>(MetricNames.Direction, "transmit")));
            yield return new Measurement<long>(server.BytesReceived, Tags(server, new KeyValuePair<string, object?>(MetricNames.Direction, "receive")));
        }
    }

    private static KeyValuePair<string, object?>[] Tags(RedisServerStatistics server, params ReadOnlySpan<KeyValuePair<string, object?>> more) =>
    [
        new(MetricNames.System, MetricNames.SystemRedis),
        new(MetricNames.ServerAddress, server.Server.Host),
        new(MetricNames.ServerPort, server.Server.Port),
        .. more,
    ];
}
