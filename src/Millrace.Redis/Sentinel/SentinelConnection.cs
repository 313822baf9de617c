using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Sentinel;

/// <summary>A connection to one Sentinel, for a few questions or for its events.</summary>
internal sealed class SentinelConnection : IAsyncDisposable
{
    /// <summary>How many servers of each kind are kept from a Sentinel's answers.</summary>
    public const int MaximumServers = 64;

    private static readonly CommandName GetMaster = CommandName.Read("SENTINEL GET-MASTER-ADDR-BY-NAME");
    private static readonly CommandName Master = CommandName.Read("SENTINEL MASTER");
    private static readonly CommandName Masters = CommandName.Read("SENTINEL MASTERS");
    private static readonly CommandName Sentinels = CommandName.Read("SENTINEL SENTINELS");
    private static readonly CommandName Replicas = CommandName.Read("SENTINEL REPLICAS");

    private readonly RedisEndpoint _sentinel;
    private readonly SentinelAccess _access;

    private SentinelConnection(RedisEndpoint sentinel, SentinelAccess access, RespConnection connection)
    {
        _sentinel = sentinel;
        _access = access;
        Connection = connection;
    }

    public RespConnection Connection { get; }

    /// <summary>Opens one.</summary>
    /// <exception cref="RedisException">It could not be opened, or it leads to no Sentinel; the message names the remedy.</exception>
    public static async Task<SentinelConnection> OpenAsync(
        RedisEndpoint sentinel, SentinelAccess access, ConnectionRole role, IConnectionOwner owner, CancellationToken cancellationToken)
    {
        RespConnection connection;
        ServerGreeting greeting;
        try
        {
            var setup = new ConnectionSetup(sentinel, access.Options, role == ConnectionRole.Subscriber);
            (connection, greeting) = await access.Context.Opener.OpenAsync(setup, role, owner, cancellationToken).ConfigureAwait(false);
        }
        catch (RedisException error) when (error is not RedisConnectionException && error.InnerException is RedisServerException { Code: "NOAUTH" or "WRONGPASS" or "NOPERM" } refusal)
        {
            throw new RedisException(
                $"The Sentinel {sentinel} refused the credentials ({refusal.Message}). Check SentinelUser and SentinelPassword: "
                + "User and Password are for the data servers and are never shown to a Sentinel.", refusal);
        }

        if (!greeting.IsSentinel)
        {
            var wrong = new RedisException(
                $"{sentinel} is no Sentinel, but SentinelServiceName is set. Name the Sentinels in Endpoints (their port is {RedisEndpoint.DefaultSentinelPort} "
                + "unless configured otherwise), or remove SentinelServiceName to connect to this server itself.");
            connection.Abort(wrong);
            throw wrong;
        }

        return new SentinelConnection(sentinel, access, connection);
    }

    /// <summary>Asks for the service's primary, and what belongs to it.</summary>
    /// <param name="withReplicas">Whether for the replicas too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RedisException">It did not answer, or refused.</exception>
    public async Task<SentinelAnswer> AskAsync(bool withReplicas, CancellationToken cancellationToken)
    {
        var (host, port) = await SendAsync(GetMaster, ReadAddress, cancellationToken, _access.Service).ConfigureAwait(false);
        if (host is null)
        {
            var known = await TryListAsync<string>(Masters, static (ref RespReader reader, RedisOperation _) => ReadNames(ref reader), cancellationToken).ConfigureAwait(false);
            return new SentinelAnswer(_sentinel, null, -1, [], [], known);
        }

        if (!SentinelInstance.TryReadEndpoint(host, port, out var primary))
        {
            throw new RedisException($"The Sentinel {_sentinel} names a primary of '{_access.Service}' whose address cannot be read: correct its announced address.");
        }

        var described = await TryListAsync<SentinelInstance>(Master, static (ref RespReader reader, RedisOperation _) => [SentinelInstance.Read(ref reader)], cancellationToken, _access.Service).ConfigureAwait(false);
        var sentinels = await TryListAsync(Sentinels, ReadInstances, cancellationToken, _access.Service).ConfigureAwait(false);
        var replicas = withReplicas
            ? await SendAsync(Replicas, ReadInstances, cancellationToken, _access.Service).ConfigureAwait(false)
            : [];
        return new SentinelAnswer(
            _sentinel, primary, described is [var master] ? master.Epoch : -1, Endpoints(sentinels), Endpoints(replicas.Where(static replica => replica.IsHealthy)), []);
    }

    /// <summary>Sends a command.</summary>
    /// <exception cref="RedisException">It was refused, or there was no answer.</exception>
    public async ValueTask<T> SendAsync<T>(CommandName name, ReplyParser<T> parser, CancellationToken cancellationToken, params RedisArgument[] arguments)
    {
        var operation = RedisOperation<T>.Rent(parser);
        operation.Encode(name, arguments);
        operation.Deadline = long.MaxValue; // the limit of the question bounds it
        using var limit = _access.Limit();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        operation.WatchCancellation(both.Token);
        var task = operation.Task;
        if (!Connection.TryAppend(operation))
        {
            operation.Fail(new RedisConnectionException($"The connection to the Sentinel {_sentinel} ended."));
        }

        try
        {
            return await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RedisConnectionException(
                $"The Sentinel {_sentinel} did not answer {name.Text} within {_access.Options.ConnectTimeout.TotalMilliseconds:0} ms (ConnectTimeout).",
                _sentinel.ToString(), name.Text, RedisDelivery.MayHaveRun, late);
        }
        catch (RedisServerException refusal) when (refusal.Code is "NOAUTH" or "NOPERM")
        {
            throw new RedisException(
                $"The Sentinel {_sentinel} refused {name.Text} ({refusal.Message}). Set SentinelUser and SentinelPassword to a user that may run it.", refusal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Connection.Abort(new RedisConnectionException($"The Sentinel {_sentinel} was asked all there was to ask."));
        await Connection.Closed.ConfigureAwait(false);
    }

    /// <summary>Asks for what can be done without: a user who may not ask, or a Sentinel that does not know, gives nothing.</summary>
    private async ValueTask<IReadOnlyList<T>> TryListAsync<T>(
        CommandName name, ReplyParser<IReadOnlyList<T>> parser, CancellationToken cancellationToken, params RedisArgument[] arguments)
    {
        try
        {
            return await SendAsync(name, parser, cancellationToken, arguments).ConfigureAwait(false);
        }
        catch (RedisException refused) when (refused is RedisServerException || refused.InnerException is RedisServerException)
        {
            return [];
        }
    }

    private static (string? Host, string? Port) ReadAddress(ref RespReader reader, RedisOperation operation)
    {
        return reader.ReadAggregateHeader() switch
        {
            < 0 => (null, null),
            2 => (reader.ReadString(), reader.ReadString()),
            var count => throw new RedisException($"A Sentinel told an address of {count} parts."),
        };
    }

    private static IReadOnlyList<SentinelInstance> ReadInstances(ref RespReader reader, RedisOperation operation) => SentinelInstance.ReadList(ref reader, MaximumServers);

    private static List<string> ReadNames(ref RespReader reader)
    {
        var names = new List<string>();
        for (var count = Math.Min(reader.ReadAggregateHeader(), MaximumServers); count > 0; count--)
        {
            for (var pairs = reader.ReadAggregateHeader() / 2; pairs > 0; pairs--)
            {
                if (reader.ReadString() == "name")
                {
                    names.Add(reader.ReadString() ?? "");
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return names;
    }

    private static List<RedisEndpoint> Endpoints(IEnumerable<SentinelInstance> instances)
    {
        var endpoints = new List<RedisEndpoint>();
        foreach (var instance in instances)
        {
            if (instance.TryGetEndpoint(out var endpoint) && !endpoints.Contains(endpoint))
            {
                endpoints.Add(endpoint);
            }
        }

        return endpoints;
    }
}
