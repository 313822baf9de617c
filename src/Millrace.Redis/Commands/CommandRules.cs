using System.Text;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Commands;

/// <summary>
/// Which commands, given by name, a connection must not get: those that change what it is for the callers after this one, that keep it from
/// answering, or that make it send what nobody awaits.
/// </summary>
internal static class CommandRules
{
    private const string Subscribe = "Use the client's subscriptions: they survive the loss of a connection.";
    private const string Stream = "Use another program, such as redis-cli: what the server sends after it is no reply.";
    private const string Block = "Use the client's own methods (BLMoveAsync and its like), or a connection of your own: LeaseAsync.";
    private const string Transact = "Use CreateTransaction, or a connection of your own: LeaseAsync.";
    private const string State = "Set it in RedisOptions for all connections, or use a connection of your own: LeaseAsync.";

    private static readonly Dictionary<string, CommandRule> Rules = Table(
        (new(Subscribe, Everywhere: true), "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE"),
        (new(Stream, Everywhere: true), "MONITOR SYNC PSYNC REPLCONF CLIENT/REPLY"),
        (new(Block, InTransactions: false, KeepsState: false), "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP"),
        (new(Transact), "MULTI EXEC DISCARD WATCH UNWATCH"),
        (new(State), "SELECT AUTH HELLO QUIT RESET READONLY READWRITE ASKING CLIENT/TRACKING CLIENT/CACHING CLIENT/NO-EVICT CLIENT/NO-TOUCH CLIENT/SETNAME SCRIPT/DEBUG"));

    private static readonly HashSet<string> Blocking = new(StringComparer.Ordinal)
    {
        "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "XREAD", "XREADGROUP", "WAIT", "WAITAOF",
    };

    private static readonly HashSet<string> Keyless = new(StringComparer.Ordinal)
    {
        "ACL", "AUTH", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "DEBUG", "DISCARD", "ECHO", "EXEC", "FAILOVER",
        "FLUSHALL", "FLUSHDB", "FUNCTION", "HELLO", "INFO", "KEYS", "LASTSAVE", "LATENCY", "LOLWUT", "MODULE", "MULTI", "PING", "PUBLISH", "PUBSUB", "QUIT",
        "RANDOMKEY", "READONLY", "READWRITE", "RESET", "ROLE", "SAVE", "SCAN", "SCRIPT", "SELECT", "SHUTDOWN", "SLOWLOG", "SWAPDB", "TIME", "UNWATCH",
        "WAIT", "WAITAOF",
    };

    /// <summary>Whether a reply may take as long as the server is told to wait.</summary>
    public static bool MayBlock(CommandName name) => Blocking.Contains(name.Text);

    /// <summary>Checks a command.</summary>
    /// <param name="name">The command.</param>
    /// <param name="arguments">What follows the name.</param>
    /// <param name="scope">What connection it is for.</param>
    /// <returns>Whether it changes the state of a connection that its caller has to itself.</returns>
    /// <exception cref="RedisException">Such a connection must not get it; the message has the remedy.</exception>
    public static bool Check(CommandName name, ReadOnlySpan<RedisArgument> arguments, CommandScope scope)
    {
        var rule = Find(name.Text, arguments);
        if (rule is null)
        {
            return false;
        }

        var isRefused = rule.Everywhere || scope == CommandScope.Shared || (scope == CommandScope.Transaction && rule.InTransactions);
        return isRefused
            ? throw new RedisException($"{name.Text} cannot be sent here: {(scope == CommandScope.Dedicated ? "nobody would read what follows" : "others share the connection")}. {rule.Remedy}")
            : rule.KeepsState;
    }

    /// <summary>Checks that a command finds its node of a cluster.</summary>
    /// <exception cref="RedisException">No key is marked, and it is none of those that need none.</exception>
    public static void CheckKeys(CommandName name, ReadOnlySpan<RedisArgument> arguments)
    {
        foreach (ref readonly var argument in arguments)
        {
            if (argument.IsKey)
            {
                return;
            }
        }

        var space = name.Text.IndexOf(' ', StringComparison.Ordinal);
        if (!Keyless.Contains(space < 0 ? name.Text : name.Text[..space]))
        {
            throw new RedisException(
                $"{name.Text} has no key by which its node of the cluster could be found. Mark the keys among the arguments: pass new RedisKey(…) instead of text.");
        }
    }

    private static CommandRule? Find(string name, ReadOnlySpan<RedisArgument> arguments)
    {
        if (Rules.TryGetValue(name, out var rule))
        {
            return rule;
        }

        if (name is "XREAD" or "XREADGROUP")
        {
            return Blocks(arguments) ? Rules["BLPOP"] : null;
        }

        var space = name.IndexOf(' ', StringComparison.Ordinal);
        var first = space < 0 ? name : name[..space];
        if (first is not ("CLIENT" or "SCRIPT"))
        {
            return null;
        }

        var second = space >= 0 ? name[(space + 1)..] : arguments.IsEmpty ? "" : Text(arguments[0]).ToUpperInvariant();
        return Rules.GetValueOrDefault($"{first}/{second}");
    }

    private static bool Blocks(ReadOnlySpan<RedisArgument> arguments)
    {
        foreach (ref readonly var argument in arguments)
        {
            var text = Text(argument);
            if (text.Equals("STREAMS", StringComparison.OrdinalIgnoreCase))
            {
                return false; // keys and ids follow
            }

            if (text.Equals("BLOCK", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string Text(in RedisArgument argument) => argument.Kind switch
    {
        ArgumentKind.Text => (string)argument.Source!,
        ArgumentKind.Bytes when CommandEncoder.Bytes(argument) is { Length: <= 32 } bytes => Encoding.UTF8.GetString(bytes),
        _ => "",
    };

    private static Dictionary<string, CommandRule> Table(params ReadOnlySpan<(CommandRule Rule, string Names)> rows)
    {
        var table = new Dictionary<string, CommandRule>(StringComparer.Ordinal);
        foreach (var (rule, names) in rows)
        {
            foreach (var name in names.Split(' '))
            {
                table.Add(name, rule);
            }
        }

        return table;
    }
}
