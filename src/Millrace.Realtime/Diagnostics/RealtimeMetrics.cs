using System.Diagnostics.Metrics;

namespace Millrace.Realtime.Diagnostics;

/// <summary>What real-time counts: as statistics, and as instruments of the meter <c>Millrace.Realtime</c>.</summary>
internal sealed class RealtimeMetrics : IDisposable
{
    public const string MeterName = "Millrace.Realtime";

    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly UpDownCounter<int> _connectionCount;
    private readonly UpDownCounter<int> _subscriptionCount;
    private readonly Counter<long> _publicationCount;
    private readonly Counter<long> _deliveryCount;
    private readonly Counter<long> _dropCount;
    private readonly Counter<long> _disconnectCount;
    private readonly Counter<long> _refusalCount;
    private int _connections;
    private int _subscriptions;
    private long _publications;
    private long _deliveries;
    private long _drops;
    private long _disconnects;
    private long _refusals;

    public RealtimeMetrics(IMeterFactory? factory = null)
    {
        // A host has a factory, which owns its meters; a bare service collection may not.
        _ownsMeter = factory is null;
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _connectionCount = _meter.CreateUpDownCounter<int>("millrace.realtime.connections", "{connection}", "Open client connections.");
        _subscriptionCount = _meter.CreateUpDownCounter<int>("millrace.realtime.subscriptions", "{subscription}", "Channels joined, over all subscribers.");
        _publicationCount = _meter.CreateCounter<long>("millrace.realtime.publications", "{publication}", "Messages published by this process.");
        _deliveryCount = _meter.CreateCounter<long>("millrace.realtime.deliveries", "{delivery}", "Publications written to subscribers.");
        _dropCount = _meter.CreateCounter<long>("millrace.realtime.drops", "{publication}", "Publications dropped or collapsed for full outboxes.");
        _disconnectCount = _meter.CreateCounter<long>("millrace.realtime.disconnects", "{connection}", "Connections closed by the server.");
        _refusalCount = _meter.CreateCounter<long>("millrace.realtime.refusals", "{call}", "Subscribe and publish calls refused.");
    }

    public int Connections => Volatile.Read(ref _connections);

    public int Subscriptions => Volatile.Read(ref _subscriptions);

    public long Publications => Interlocked.Read(ref _publications);

    public long Deliveries => Interlocked.Read(ref _deliveries);

    public long Drops => Interlocked.Read(ref _drops);

    public long Disconnects => Interlocked.Read(ref _disconnects);

    public long Refusals => Interlocked.Read(ref _refusals);

    public void ConnectionsChanged(int by)
    {
        Interlocked.Add(ref _connections, by);
        _connectionCount.Add(by);
    }

    public void SubscriptionsChanged(int by)
    {
        Interlocked.Add(ref _subscriptions, by);
        _subscriptionCount.Add(by);
    }

    public void Published()
    {
        Interlocked.Increment(ref _publications);
        _publicationCount.Add(1);
    }

    public void Delivered()
    {
        Interlocked.Increment(ref _deliveries);
        _deliveryCount.Add(1);
    }

    public void Dropped(int count)
    {
        if (count > 0)
        {
            Interlocked.Add(ref _drops, count);
            _dropCount.Add(count);
        }
    }

    public void Disconnected(string cause)
    {
        Interlocked.Increment(ref _disconnects);
        _disconnectCount.Add(1, new KeyValuePair<string, object?>("cause", cause));
    }

    public void Refused()
    {
        Interlocked.Increment(ref _refusals);
        _refusalCount.Add(1);
    }

    public void Dispose()
    {
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }
}
