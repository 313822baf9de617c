using System.Buffers;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Connection;

/// <summary>
/// One server with its shared connections. Commands on one key always take the same connection, so that a caller's commands on it keep their
/// order even when they are not awaited one by one.
/// </summary>
internal sealed class ServerNode : IAsyncDisposable
{
    private readonly ServerLink[] _links;
    private readonly DateTimeOffset _created;
    private readonly CancellationTokenSource _retired = new(); // never disposed: late comers register with its token

    /// <param name="endpoint">Where it listens.</param>
    /// <param name="context">What the client's connections share.</param>
    /// <param name="admission">Looks at each shared connection before it is used. Null: nobody.</param>
    public ServerNode(RedisEndpoint endpoint, ClientContext context, LinkAdmission? admission = null)
    {
        Endpoint = endpoint;
        _created = context.Time.GetUtcNow();
        Setup = new ConnectionSetup(endpoint, context.Options);
        Retired = _retired.Token;
        _links = new ServerLink[LinksPerServer(context.Options)];
        for (var i = 0; i < _links.Length; i++)
        {
            _links[i] = new ServerLink(Setup, context.Opener, context.Observer, context.Clock, context.Time, admission);
        }

        Dedicated = new DedicatedPool(Setup, context);
    }

    /// <summary>How many shared connections each server gets.</summary>
    public static int LinksPerServer(RedisOptions options) =>
        options.ConnectionsPerServer is var count and > 0 ? count : Math.Clamp(Environment.ProcessorCount / 4, 1, 4);

    public RedisEndpoint Endpoint { get; }

    /// <summary>How connections to it are opened.</summary>
    public ConnectionSetup Setup { get; }

    /// <summary>Connections that are lent to one caller at a time.</summary>
    public DedicatedPool Dedicated { get; }

    /// <summary>The shared connections.</summary>
    public IReadOnlyList<ServerLink> Links => _links;

    /// <summary>What the slots of keys are needed for where this is the only server.</summary>
    public SlotUse SlotUse => _links.Length > 1 ? SlotUse.Spread : SlotUse.None;

    /// <summary>
    /// Cancelled when the server has lost its part, or the client is disposed: other connections to it, dedicated ones and subscribers,
    /// have to end too.
    /// </summary>
    public CancellationToken Retired { get; }

    /// <summary>Whether all shared connections are up.</summary>
    public bool IsConnected => Array.TrueForAll(_links, static link => link.IsConnected);

    /// <summary>What the client has done with it.</summary>
    public RedisServerStatistics Statistics() => Setup.Counters.Snapshot(IsConnected, _links.Sum(static link => link.Waiting), _created);

    /// <summary>Begins to connect.</summary>
    public void Start() => Array.ForEach(_links, static link => link.Start());

    /// <summary>Waits until the shared connections are up for the first time.</summary>
    /// <exception cref="RedisException">The first attempt of one failed; it goes on trying.</exception>
    public Task ConnectedAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_links.Select(link => link.FirstConnected.WaitAsync(cancellationToken)));

    /// <summary>Takes a command.</summary>
    public void Send(RedisOperation operation) => Link(operation).Send(operation);

    /// <summary>Takes commands that leave in one write where they share a connection.</summary>
    public void Send(ReadOnlySpan<RedisOperation> operations)
    {
        if (_links.Length == 1)
        {
            _links[0].Send(operations);
            return;
        }

        // All links are chosen before the first command leaves: an operation that has been answered may be in its next use.
        var own = ArrayPool<RedisOperation>.Shared.Rent(operations.Length);
        var places = ArrayPool<int>.Shared.Rent(operations.Length);
        for (var i = 0; i < operations.Length; i++)
        {
            places[i] = Place(operations[i]);
        }

        for (var place = 0; place < _links.Length; place++)
        {
            var count = 0;
            for (var i = 0; i < operations.Length; i++)
            {
                if (places[i] == place)
                {
                    own[count++] = operations[i];
                }
            }

            _links[place].Send(own.AsSpan(0, count));
        }

        ArrayPool<int>.Shared.Return(places);
        ArrayPool<RedisOperation>.Shared.Return(own, clearArray: true);
    }

    /// <summary>Gives the commands that wait here to <paramref name="send"/>, in order, because the server for some of them may have changed.</summary>
    /// <param name="send">Sends a command, here again perhaps.</param>
    public void Reconsider(Action<RedisOperation> send) => Array.ForEach(_links, link => link.Reconsider(send));

    /// <summary>
    /// Ends it because commands go to another server now. Commands that were never sent, waiting ones and such that still come, are given to
    /// <paramref name="takeOver"/>, as are reads that may be repeated; those that may have run fail. Instead of disposing it, once.
    /// </summary>
    /// <param name="takeOver">Takes a command, on any thread; must not block or throw, nor give it back to this node.</param>
    /// <param name="drain">How long commands that were sent may still be answered; zero: connections are ended at once.</param>
    /// <param name="cancellationToken">Ends that wait.</param>
    public async Task RetireAsync(Action<RedisOperation> takeOver, TimeSpan drain, CancellationToken cancellationToken)
    {
        Array.ForEach(_links, link => link.HandOver(takeOver));
        await _retired.CancelAsync().ConfigureAwait(false);
        await Dedicated.CloseAsync($"{Endpoint} has lost its part, and commands go to another server").ConfigureAwait(false);
        await Task.WhenAll(_links.Select(link => link.RetireAsync(drain, cancellationToken))).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _retired.CancelAsync().ConfigureAwait(false);
        await Dedicated.CloseAsync("the client was disposed").ConfigureAwait(false);
        foreach (var link in _links)
        {
            await link.DisposeAsync().ConfigureAwait(false);
        }
    }

    private ServerLink Link(RedisOperation operation) => _links[Place(operation)];

    private int Place(RedisOperation operation) => _links.Length == 1 || operation.Slot < 0 ? 0 : operation.Slot % _links.Length;
}
