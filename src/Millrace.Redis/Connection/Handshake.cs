using Millrace.Redis.Protocol;

namespace Millrace.Redis.Connection;

/// <summary>
/// The first commands on a connection: HELLO with the credentials and the name, or, where the server does not know it, AUTH and CLIENT
/// SETNAME; then SELECT and tracking.
/// </summary>
internal static class Handshake
{
    private static readonly CommandName Hello = CommandName.Read("HELLO");
    private static readonly CommandName Auth = CommandName.Read("AUTH");
    private static readonly CommandName SetName = CommandName.Read("CLIENT SETNAME");
    private static readonly CommandName SetInfo = CommandName.Read("CLIENT SETINFO");
    private static readonly CommandName Select = CommandName.Read("SELECT");
    private static readonly CommandName ReadOnly = CommandName.Read("READONLY");
    private static readonly CommandName Tracking = CommandName.Read("CLIENT TRACKING");
    private static readonly CommandName Info = CommandName.Read("INFO");
    private static readonly CommandName ClientId = CommandName.Read("CLIENT ID");

    /// <summary>Greets the server.</summary>
    /// <exception cref="RedisException">The server refused; the message names the remedy.</exception>
    public static async Task<ServerGreeting> GreetAsync(RespConnection connection, RedisOptions options, ConnectionRole role, CancellationToken cancellationToken)
    {
        var greeting = await SayHelloAsync(connection, options, cancellationToken).ConfigureAwait(false)
            ?? await IntroduceAsync(connection, options, cancellationToken).ConfigureAwait(false);
        if (options.Database != 0 && !greeting.IsSentinel)
        {
            if (greeting.IsCluster)
            {
                throw new RedisException($"{connection.Server} is a node of a cluster, which has one database: set Database to 0, and tell keys apart by a prefix.");
            }

            await ExpectOkAsync(connection, Select, [options.Database], cancellationToken).ConfigureAwait(false);
        }

        if (greeting.IsCluster && options.ReadFrom != RedisReadFrom.Primary)
        {
            // Primaries ignore it, and may become replicas while the connection lives.
            await ExpectOkAsync(connection, ReadOnly, [], cancellationToken).ConfigureAwait(false);
        }

        await TellLibraryAsync(connection, cancellationToken).ConfigureAwait(false);
        if (role == ConnectionRole.Multiplexed && options.Tracking is { } tracking && !greeting.IsSentinel)
        {
            greeting = greeting with { IsTracked = await TrackAsync(connection, tracking, greeting, cancellationToken).ConfigureAwait(false) };
        }

        return greeting;
    }

    private static async Task<ServerGreeting?> SayHelloAsync(RespConnection connection, RedisOptions options, CancellationToken cancellationToken)
    {
        var arguments = new List<RedisArgument> { options.Protocol == RedisProtocol.Resp2 ? 2 : 3 };
        if (options.Password is { Length: > 0 } password)
        {
            arguments.AddRange(["AUTH", options.User ?? "default", password]);
        }

        if (options.ClientName is { } name)
        {
            arguments.AddRange(["SETNAME", name]);
        }

        try
        {
            return await SendAsync(connection, Hello, [.. arguments], static (ref RespReader reader, RedisOperation _) => ParseHello(ref reader), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (RedisServerException refusal) when (refusal.Code is "ERR" or "NOPROTO" && options.Protocol != RedisProtocol.Resp3)
        {
            return null; // a server before 6.0, or one without RESP3
        }
        catch (RedisServerException refusal)
        {
            throw Refused(connection, refusal);
        }
    }

    /// <summary>The greeting without HELLO, in RESP2.</summary>
    private static async Task<ServerGreeting> IntroduceAsync(RespConnection connection, RedisOptions options, CancellationToken cancellationToken)
    {
        if (options.Password is { Length: > 0 } password)
        {
            RedisArgument[] credentials = options.User is { } user ? [user, password] : [password];
            await ExpectOkAsync(connection, Auth, credentials, cancellationToken).ConfigureAwait(false);
        }

        if (options.ClientName is { } name)
        {
            await ExpectOkAsync(connection, SetName, [name], cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var info = await SendAsync(connection, Info, [], static (ref RespReader reader, RedisOperation _) => reader.ReadString() ?? "", cancellationToken).ConfigureAwait(false);
            var id = await TryReadClientIdAsync(connection, cancellationToken).ConfigureAwait(false);
            return new ServerGreeting(
                Field(info, "redis_version"), 2, Field(info, "redis_mode") == "cluster", Field(info, "redis_mode") == "sentinel", Field(info, "role") == "slave", id);
        }
        catch (RedisServerException refusal) when (refusal.Code is not "NOAUTH")
        {
            return new ServerGreeting("", 2, IsCluster: false, IsSentinel: false, IsReplica: false, ClientId: 0); // it does not know INFO, or does not let this user ask
        }
        catch (RedisServerException refusal)
        {
            throw Refused(connection, refusal);
        }
    }

    private static async Task<long> TryReadClientIdAsync(RespConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(connection, ClientId, [], static (ref RespReader reader, RedisOperation _) => reader.ReadInt64(), cancellationToken).ConfigureAwait(false);
        }
        catch (RedisServerException)
        {
            return 0; // it does not number its clients, or does not let this user ask
        }
    }

    /// <returns>False: the server has no tracking, and it is optional.</returns>
    private static async Task<bool> TrackAsync(RespConnection connection, RedisTrackingOptions tracking, ServerGreeting greeting, CancellationToken cancellationToken)
    {
        if (greeting.Protocol < 3)
        {
            if (tracking.Optional)
            {
                return false;
            }

            throw new RedisException($"{connection.Server} speaks RESP2 only: tracking needs RESP3. Leave Tracking null, or use Redis 6 or later.");
        }

        List<RedisArgument> arguments = ["ON"];
        if (tracking.Broadcast)
        {
            arguments.Add("BCAST");
            foreach (var prefix in tracking.Prefixes)
            {
                arguments.AddRange(["PREFIX", prefix]);
            }
        }
        else if (tracking.OptIn)
        {
            arguments.Add("OPTIN");
        }

        if (tracking.NoLoop)
        {
            arguments.Add("NOLOOP");
        }

        try
        {
            await ExpectOkAsync(connection, Tracking, [.. arguments], cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RedisException refusal) when (tracking.Optional && refusal.InnerException is RedisServerException { Code: "ERR" } lack
            && lack.Message.Contains("unknown", StringComparison.OrdinalIgnoreCase))
        {
            return false; // "unknown command" or "unknown subcommand", as the server has not the one or the other
        }
    }

    private static async Task TellLibraryAsync(RespConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(connection, SetInfo, ["LIB-NAME", "millrace"], static (ref RespReader reader, RedisOperation _) => reader.ReadString(), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (RedisServerException)
        {
            // Before Redis 7.2 a server cannot be told; it only shows in CLIENT LIST.
        }
    }

    private static async Task ExpectOkAsync(RespConnection connection, CommandName name, RedisArgument[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(connection, name, arguments, static (ref RespReader reader, RedisOperation _) => reader.ReadString(), cancellationToken).ConfigureAwait(false);
        }
        catch (RedisServerException refusal)
        {
            throw Refused(connection, refusal);
        }
    }

    private static ValueTask<T> SendAsync<T>(
        RespConnection connection, CommandName name, RedisArgument[] arguments, ReplyParser<T> parser, CancellationToken cancellationToken)
    {
        var operation = RedisOperation<T>.Rent(parser);
        operation.Encode(name, arguments);
        operation.Deadline = long.MaxValue; // the connect time-out bounds it
        operation.WatchCancellation(cancellationToken);
        var task = operation.Task;
        if (!connection.TryAppend(operation))
        {
            operation.Fail(new RedisConnectionException($"The connection to {connection.Server} ended during the handshake."));
        }

        return task;
    }

    private static ServerGreeting ParseHello(ref RespReader reader)
    {
        var (version, protocol, mode, role, id) = ("", 2L, "", "", 0L);
        for (var pairs = reader.ReadAggregateHeader() / 2; pairs > 0; pairs--)
        {
            switch (reader.ReadString())
            {
                case "version":
                    version = reader.ReadString() ?? "";
                    break;
                case "proto":
                    protocol = reader.ReadInt64();
                    break;
                case "mode":
                    mode = reader.ReadString() ?? "";
                    break;
                case "role":
                    role = reader.ReadString() ?? "";
                    break;
                case "id":
                    id = reader.ReadInt64();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return new ServerGreeting(version, (int)protocol, mode == "cluster", mode == "sentinel", role is "slave" or "replica", id);
    }

    private static string Field(string info, string name)
    {
        foreach (var line in info.AsSpan().EnumerateLines())
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.Ordinal))
            {
                return line[(name.Length + 1)..].ToString();
            }
        }

        return "";
    }

    private static RedisException Refused(RespConnection connection, RedisServerException refusal) => refusal.Code switch
    {
        "WRONGPASS" or "NOAUTH" or "NOPERM" => new RedisException(
            $"{connection.Server} refused the credentials ({refusal.Message}). Check User and Password.", refusal),
        _ => new RedisException($"{connection.Server} refused the connection: {refusal.Message}", refusal),
    };
}
