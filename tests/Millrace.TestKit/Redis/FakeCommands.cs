using System.Buffers;
using System.Globalization;
using System.Text;

namespace Millrace.TestKit.Redis;

/// <summary>The commands that a <see cref="FakeRedis" /> knows by itself, for one connection, and how commands are read.</summary>
internal sealed class FakeCommands(FakeConnection connection)
{
    /// <summary>The name under which <see cref="FakeConnection" /> records what it could not read.</summary>
    public const string Malformed = "(NOT A COMMAND)";

    private const int MaximumArguments = 1024 * 1024; // Redis' own
    private readonly HashSet<string> _subscriptions = new(StringComparer.Ordinal);
    private bool _isSignedIn;

    /// <summary>Takes one command off the front of what has arrived, if all of it has: a list of bulk strings, or a line of words.</summary>
    /// <exception cref="InvalidDataException">What has arrived is neither.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> input, out string[] command)
    {
        command = [];
        var reader = new SequenceReader<byte>(input);
        if (!TryReadLine(ref reader, out var line))
        {
            return false;
        }

        if (!line.StartsWith('*'))
        {
            command = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        else
        {
            command = Number(line) is <= MaximumArguments and var count
                ? new string[count]
                : throw new InvalidDataException("invalid multibulk length");
            for (var i = 0; i < command.Length; i++)
            {
                if (!TryReadLine(ref reader, out line))
                {
                    return false;
                }

                var length = line.StartsWith('$') ? Number(line) : throw new InvalidDataException($"expected '$', got '{line}'");
                if (reader.Remaining < length + 2)
                {
                    return false;
                }

                command[i] = Encoding.Latin1.GetString(reader.UnreadSequence.Slice(0, length));
                reader.Advance(length + 2);
            }
        }

        input = input.Slice(reader.Position);
        return true;
    }

    public FakeReply Reply(string[] command)
    {
        var server = connection.Server;
        if (command is not [var name, .. var arguments])
        {
            return FakeReply.Nothing; // an empty line
        }

        name = name.ToUpperInvariant();
        if (server.Password is not null && !_isSignedIn && name is not ("AUTH" or "HELLO" or "QUIT" or Malformed))
        {
            return FakeReply.Error("NOAUTH Authentication required.");
        }

        return (name, arguments) switch
        {
            ("HELLO", _) when !server.IsResp2Only => Hello(arguments),
            ("AUTH", [var password]) => SignIn("default", password),
            ("AUTH", [var user, var password]) => SignIn(user, password),
            ("SELECT", [var number]) => Select(number),
            ("CLIENT", [var what, ..]) => Client(what.ToUpperInvariant(), arguments),
            ("PING", []) => FakeReply.Simple("PONG"),
            ("PING" or "ECHO", [var text]) => FakeReply.Bulk(text),
            ("GET", [var key]) => server.Values.TryGetValue(Key(key), out var value) ? FakeReply.Bulk(value) : Null,
            ("SET", [var key, var value, ..]) => Set(key, value),
            ("DEL", _) => FakeReply.Number(arguments.Count(key => server.Values.TryRemove(Key(key), out _))),
            ("INCR", [var key]) => Increment(key),
            ("SUBSCRIBE" or "PSUBSCRIBE" or "SSUBSCRIBE" or "UNSUBSCRIBE" or "PUNSUBSCRIBE" or "SUNSUBSCRIBE", [_, ..]) =>
                Subscribe(name.ToLowerInvariant(), arguments),
            ("QUIT", _) => FakeReply.Ok.ThenClose(),
            (Malformed, [var why]) => FakeReply.Error($"ERR Protocol error: {why}").ThenClose(),
            _ => FakeReply.Error(
                $"ERR unknown command '{command[0]}', with args beginning with: {string.Join(' ', arguments.Select(static a => $"'{a}'"))}"),
        };
    }

    private FakeReply Null => connection.Protocol == 3 ? FakeReply.Null3 : FakeReply.Null2;

    private FakeReply Hello(string[] arguments)
    {
        if (arguments is [var version, ..] && version is not ("2" or "3"))
        {
            return FakeReply.Error("NOPROTO unsupported protocol version");
        }

        for (var i = 1; i < arguments.Length; i++)
        {
            switch (arguments[i].ToUpperInvariant())
            {
                case "AUTH" when i + 2 < arguments.Length:
                    if (SignIn(arguments[i + 1], arguments[i + 2]) is var outcome && outcome != FakeReply.Ok)
                    {
                        return outcome;
                    }

                    i += 2;
                    break;
                case "SETNAME" when i + 1 < arguments.Length:
                    connection.Name = arguments[++i];
                    break;
                default:
                    return FakeReply.Error($"ERR Syntax error in HELLO option '{arguments[i]}'");
            }
        }

        if (connection.Server.Password is not null && !_isSignedIn)
        {
            return FakeReply.Error(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be "
                + "used to authenticate the client and select the RESP protocol version at the same time");
        }

        if (arguments is ["3", ..])
        {
            connection.Protocol = 3;
        }
        else if (arguments is ["2", ..])
        {
            connection.Protocol = 2;
        }

        FakeReply[] fields =
        [
            FakeReply.Bulk("server"), FakeReply.Bulk("redis"),
            FakeReply.Bulk("version"), FakeReply.Bulk("7.0.15"),
            FakeReply.Bulk("proto"), FakeReply.Number(connection.Protocol),
            FakeReply.Bulk("id"), FakeReply.Number(connection.Number),
            FakeReply.Bulk("mode"), FakeReply.Bulk(connection.Server.Mode),
            FakeReply.Bulk("role"), FakeReply.Bulk(connection.Server.Role),
            FakeReply.Bulk("modules"), FakeReply.Array(),
        ];
        return connection.Protocol == 3
            ? FakeReply.Raw($"%{fields.Length / 2}\r\n").Then(FakeReply.Raw([.. fields.SelectMany(static field => field.Bytes)]))
            : FakeReply.Array(fields);
    }

    private FakeReply SignIn(string user, string password)
    {
        if (connection.Server.Password is null)
        {
            return FakeReply.Error(
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?");
        }

        _isSignedIn = user == connection.Server.User && password == connection.Server.Password;
        return _isSignedIn ? FakeReply.Ok : FakeReply.Error("WRONGPASS invalid username-password pair or user is disabled.");
    }

    private FakeReply Select(string number)
    {
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var database) || database > 15)
        {
            return FakeReply.Error("ERR DB index is out of range");
        }

        connection.Database = database;
        return FakeReply.Ok;
    }

    private FakeReply Client(string what, string[] arguments)
    {
        switch (what)
        {
            case "ID":
                return FakeReply.Number(connection.Number);
            case "GETNAME":
                return connection.Name is { } name ? FakeReply.Bulk(name) : Null;
            case "SETNAME" when arguments is [_, var newName]:
                connection.Name = newName;
                return FakeReply.Ok;
            default:
                return FakeReply.Ok;
        }
    }

    private FakeReply Set(string key, string value)
    {
        connection.Server.Values[Key(key)] = value;
        return FakeReply.Ok;
    }

    private FakeReply Increment(string key)
    {
        var text = connection.Server.Values.AddOrUpdate(
            Key(key),
            "1",
            static (_, old) => long.TryParse(old, CultureInfo.InvariantCulture, out var number)
                ? (number + 1).ToString(CultureInfo.InvariantCulture)
                : old);
        return long.TryParse(text, CultureInfo.InvariantCulture, out var now)
            ? FakeReply.Number(now)
            : FakeReply.Error("ERR value is not an integer or out of range");
    }

    private FakeReply Subscribe(string command, string[] channels)
    {
        var confirmations = FakeReply.Nothing;
        foreach (var channel in channels)
        {
            var kind = command.Replace("un", "", StringComparison.Ordinal);
            _ = kind == command ? _subscriptions.Add($"{kind} {channel}") : _subscriptions.Remove($"{kind} {channel}");
            FakeReply[] items = [FakeReply.Bulk(command), FakeReply.Bulk(channel), FakeReply.Number(_subscriptions.Count)];
            confirmations = confirmations.Then(connection.Protocol == 3 ? FakeReply.Push(items) : FakeReply.Array(items));
        }

        return confirmations;
    }

    private string Key(string key) => $"{connection.Database} {key}";

    private static bool TryReadLine(ref SequenceReader<byte> reader, out string line)
    {
        line = "";
        if (!reader.TryReadTo(out ReadOnlySequence<byte> bytes, (byte)'\n'))
        {
            return false;
        }

        line = Encoding.Latin1.GetString(bytes).TrimEnd('\r');
        return true;
    }

    private static int Number(string line) =>
        int.TryParse(line.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InvalidDataException($"invalid length '{line}'");
}
