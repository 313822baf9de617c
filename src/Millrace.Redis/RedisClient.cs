using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Redis.Connection;
using Millrace.Redis.Diagnostics;
using Millrace.Redis.Protocol;
using Millrace.Redis.Push;
using Millrace.Redis.Routing;
using Millrace.Redis.Topologies;

namespace Millrace.Redis;

/// <summary>
/// A client of a Redis, Valkey or Garnet server, of a primary with its replicas behind Sentinels, or of a cluster. All its methods may be
/// called from any number of threads at once: they share a few connections, and what waits is sent together. Make one for each application.
/// </summary>
public sealed partial class RedisClient : RedisCommands, IAsyncDisposable
{
    private readonly RedisOptions _options;
    private readonly ClientClock _clock;
    private readonly LinkObservers _observers;
    private readonly ClientContext _context;
    private readonly ClientTelemetry _telemetry;
    private readonly CancellationTokenSource _disposing = new();
    private readonly Lock _lock = new(); // guards _starting
    private Task? _starting;
    private int _isDisposed;
    private volatile Topology _topology;

    private RedisClient(RedisOptions options, RedisClientServices services)
    {
        var time = services.TimeProvider ?? TimeProvider.System;
        var logger = (services.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger<RedisClient>();
        _options = options;
        _clock = new ClientClock(time);
        _observers = new LinkObservers();
        _context = new ClientContext(options, _clock, time, new ConnectionOpener(_clock, time), _observers);
        _telemetry = new ClientTelemetry(services.MeterFactory, time, options.Database, GetStatistics);
        _topology = new StartingTopology(options, _clock, StartInBackground);
        if (options.Tracking is not null)
        {
            _observers.Add(_tracking = new TrackingWatch(logger));
        }

        _observers.Add(new OutageLog(logger, time));
        _subscriptions = new SubscriptionHub(_context, slot => _topology.NodeOf(slot), () => _topology.Refresh());
    }

    /// <summary>Whether commands find their server now. When false they wait for it, no longer than their time-out.</summary>
    public bool IsConnected => _topology.IsConnected;

    /// <summary>Connects.</summary>
    /// <param name="connectionString">As for <see cref="RedisOptions.Parse"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FormatException">The string cannot be read; the message names each fault.</exception>
    /// <exception cref="RedisException">No server could be reached, or one refused; the message names the remedy. Not thrown when
    /// <see cref="RedisOptions.AbortOnConnectFailure"/> is false: then the client goes on trying.</exception>
    public static ValueTask<RedisClient> ConnectAsync(string connectionString, CancellationToken cancellationToken = default) =>
        ConnectAsync(RedisOptions.Parse(connectionString), cancellationToken);

    /// <summary>Connects.</summary>
    /// <param name="options">The options; the client works on a copy.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options are wrong; the message names every fault.</exception>
    /// <exception cref="RedisException">No server could be reached, or one refused; the message names the remedy. Not thrown when
    /// <see cref="RedisOptions.AbortOnConnectFailure"/> is false: then the client goes on trying.</exception>
    public static ValueTask<RedisClient> ConnectAsync(RedisOptions options, CancellationToken cancellationToken = default) =>
        ConnectAsync(options, services: null, cancellationToken);

    /// <summary>Connects.</summary>
    /// <param name="options">The options; the client works on a copy.</param>
    /// <param name="services">Logging, metrics and time; null: no logs, a meter of its own, the system's time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options are wrong; the message names every fault.</exception>
    /// <exception cref="RedisException">No server could be reached, or one refused; the message names the remedy. Not thrown when
    /// <see cref="RedisOptions.AbortOnConnectFailure"/> is false: then the client goes on trying.</exception>
    public static async ValueTask<RedisClient> ConnectAsync(RedisOptions options, RedisClientServices? services, CancellationToken cancellationToken = default)
    {
        var client = Create(options, services);
        try
        {
            await client.StartAsync(cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// What the client has done with each server that it knows now; empty before it has connected for the first time. Cheap enough to be asked
    /// every second. Thread-safe.
    /// </summary>
    public IReadOnlyList<RedisServerStatistics> GetStatistics() => [.. _topology.Nodes.Select(static node => node.Statistics())];

    /// <summary>
    /// Which server has which slots, as the client knows it now: what <see cref="RedisKey.HashSlot"/> of a key says goes there. In the order of the slots; those that
    /// nobody serves are left out. Empty where there is no cluster, or before the client has connected. Thread-safe.
    /// </summary>
    public IReadOnlyList<RedisSlotRange> GetSlotRanges() => _topology.SlotRanges;

    /// <summary>Ends all connections. Commands on their way fail with <see cref="RedisConnectionException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _disposing.CancelAsync().ConfigureAwait(false);
        Task? starting;
        lock (_lock)
        {
            starting = _starting;
        }

        if (starting is not null)
        {
            await starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _subscriptions.DisposeAsync().ConfigureAwait(false);
        await _topology.DisposeAsync().ConfigureAwait(false);
        _telemetry.Dispose();
        _clock.Dispose();
        _disposing.Dispose();
    }

    /// <summary>Makes a client that connects when <see cref="StartAsync"/> is called, or with its first command.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options are wrong; the message names every fault.</exception>
    internal static RedisClient Create(RedisOptions options, RedisClientServices? services)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new RedisClient(options.Freeze(), services ?? new RedisClientServices());
    }

    /// <summary>Connects, unless that has begun; after a failure it may be called again.</summary>
    /// <exception cref="RedisException">As for <see cref="ConnectAsync(RedisOptions, CancellationToken)"/>.</exception>
    internal Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_isDisposed != 0)
            {
                return Task.FromException(new RedisConnectionException("The client was disposed."));
            }

            if (_starting is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _starting = Task.Run(() => ConnectTopologyAsync(cancellationToken), CancellationToken.None);
            }

            return _starting.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Begins to measure a command, if somebody listens. Call it before the operation can end.</summary>
    internal void Measure(RedisOperation operation)
    {
        if (_telemetry.IsEnabled)
        {
            operation.Trace.Begin(_telemetry, operation.Name);
        }
    }

    private protected override SlotUse SlotUse => _topology.SlotUse;

    private protected override ValueTask<T> SendAsync<T>(RedisOperation<T> operation, CancellationToken cancellationToken)
    {
        var task = operation.Task;
        if (Begin(operation, cancellationToken))
        {
            _topology.Send(operation);
        }

        return task;
    }

    /// <summary>Starts a command's time-out, its trace, and the watch of its caller's token.</summary>
    /// <returns>False: the token was cancelled already.</returns>
    private bool Begin(RedisOperation operation, CancellationToken cancellationToken)
    {
        operation.Deadline = _clock.After(_options.CommandTimeout);
        Measure(operation);
        operation.WatchCancellation(cancellationToken);
        return operation.IsPending;
    }

    private void StartInBackground()
    {
        var starting = StartAsync(CancellationToken.None);
        _ = starting.ContinueWith(static failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    private async Task ConnectTopologyAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        var waiting = (StartingTopology)_topology;
        Topology? topology = null;
        try
        {
            topology = await TopologyFactory.CreateAsync(_context, ending.Token).ConfigureAwait(false);
            await StartTopologyAsync(topology, ending.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            if (topology is not null)
            {
                await topology.DisposeAsync().ConfigureAwait(false);
            }

            waiting.Fail(error);
            throw;
        }

        waiting.Become(topology); // first: a caller's next command must not overtake the one that waits
        _topology = topology;
    }

    private async Task StartTopologyAsync(Topology topology, CancellationToken cancellationToken)
    {
        try
        {
            await topology.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RedisException) when (!_options.AbortOnConnectFailure)
        {
            // The topology goes on trying; commands wait for it.
        }
    }
}
