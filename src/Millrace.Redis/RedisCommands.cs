using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>The commands. A client sends each at once; a batch collects them.</summary>
public abstract partial class RedisCommands
{
    private protected RedisCommands()
    {
    }

    /// <summary>Sends a command.</summary>
    /// <param name="name">The command.</param>
    /// <param name="parser">Makes the result.</param>
    /// <param name="cancellationToken">Gives the command up; it may run nevertheless.</param>
    /// <param name="arguments">What follows the name.</param>
    private protected ValueTask<T> SendAsync<T>(CommandName name, ReplyParser<T> parser, CancellationToken cancellationToken, params ReadOnlySpan<RedisArgument> arguments)
    {
        var operation = RedisOperation<T>.Rent(parser);
        operation.Encode(name, arguments, SlotUse);
        return SendAsync(operation, cancellationToken);
    }

    /// <summary>What the slots of keys are needed for.</summary>
    private protected abstract SlotUse SlotUse { get; }

    /// <summary>Sends a command that has been encoded.</summary>
    private protected abstract ValueTask<T> SendAsync<T>(RedisOperation<T> operation, CancellationToken cancellationToken);
}
