using Millrace.Redis.Protocol;

namespace Millrace.Redis.Connection;

/// <summary>
/// A command that is sent directly before another one on the same connection, because it says something of that one
/// (<see cref="RedisOperation.Prefix"/>). Nobody awaits its reply, and it holds no state: many operations share one.
/// </summary>
internal sealed class PrefixCommand : RedisOperation
{
    private PrefixCommand(CommandName name, params ReadOnlySpan<RedisArgument> arguments) => Encode(name, arguments);

    /// <summary>The next command may use a slot that this server is taking over.</summary>
    public static PrefixCommand Asking { get; } = new(CommandName.Read("ASKING"));

    /// <summary>Told of a command that ASKING takes the place of this one for, before it is sent. Null: nobody.</summary>
    public Action<RedisOperation>? Replaced { get; private init; }

    /// <summary>The server is to remember that this connection knows the keys that the next command reads.</summary>
    /// <param name="replaced">Told of a command whose keys will not be remembered after all. Must not block or throw.</param>
    public static PrefixCommand Caching(Action<RedisOperation> replaced) => new(CommandName.Read("CLIENT CACHING"), "YES") { Replaced = replaced };

    /// <inheritdoc />
    public override void Resume(bool here)
    {
        // Nobody waits.
    }

    protected override bool Complete(ref RespReader reader) => false;

    protected override void Complete(Exception error)
    {
        // Nobody waits.
    }
}
