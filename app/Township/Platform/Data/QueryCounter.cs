using System.Diagnostics.Metrics;

namespace Township.Platform.Data;

/// <summary>
/// Counts database commands, in all and within requests, so that "queries per request" can be read with the cache on and
/// off. A command counts for the request in whose asynchronous flow it runs; commands of jobs count in the total only.
/// </summary>
internal sealed class QueryCounter : IDisposable
{
    private readonly AsyncLocal<RequestQueries?> _current = new();
    private readonly Meter _meter;
    private readonly Histogram<long> _perRequest;
    private long _commands;
    private long _requests;
    private long _commandsInRequests;

    public QueryCounter(IMeterFactory meters)
    {
        _meter = meters.Create(TownshipMetrics.MeterName);
        _meter.CreateObservableCounter(TownshipMetrics.Commands, () => Volatile.Read(ref _commands), "{command}",
            "Database commands run by Township.");
        _meter.CreateObservableCounter(TownshipMetrics.Requests, () => Volatile.Read(ref _requests), "{request}",
            "Requests answered by Township, static files not included.");
        _perRequest = _meter.CreateHistogram<long>(TownshipMetrics.CommandsPerRequest, "{command}",
            "Database commands within one request.");
    }

    public long Commands => Volatile.Read(ref _commands);

    public long Requests => Volatile.Read(ref _requests);

    public long CommandsInRequests => Volatile.Read(ref _commandsInRequests);

    /// <summary>Called once per command by the counting data source.</summary>
    public void CommandRan()
    {
        Interlocked.Increment(ref _commands);
        _current.Value?.Add();
    }

    /// <summary>Runs one request and counts the commands in its flow.</summary>
    public async Task CountRequestAsync(Func<Task> request)
    {
        var queries = new RequestQueries();
        _current.Value = queries;
        try
        {
            await request();
        }
        finally
        {
            _current.Value = null;
            Interlocked.Increment(ref _requests);
            Interlocked.Add(ref _commandsInRequests, queries.Count);
            _perRequest.Record(queries.Count);
        }
    }

    public void Dispose() => _meter.Dispose();

    private sealed class RequestQueries
    {
        private long _count;

        public long Count => Volatile.Read(ref _count);

        public void Add() => Interlocked.Increment(ref _count);
    }
}
