using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    /// <summary>Sends any command.</summary>
    /// <param name="command">
    /// Its name, one word or more apart by single spaces: <c>OBJECT FREQ</c>. Letters, digits, <c>.</c>, <c>_</c>, <c>-</c> and <c>|</c>, at most 64 characters.
    /// It counts as one that writes: it goes to the primary, and is never repeated.
    /// </param>
    /// <param name="arguments">
    /// What follows the name. Mark the keys, <c>new RedisKey("…")</c>: in a cluster they decide where it goes. There a command without a marked key
    /// is refused unless it is one that has none, such as <c>PING</c> or <c>INFO</c>, which goes to any node.
    /// </param>
    /// <returns>The reply.</returns>
    /// <exception cref="ArgumentException">The name is none.</exception>
    /// <exception cref="RedisServerException">The server answered with an error.</exception>
    /// <exception cref="RedisException">
    /// It was not answered, or it is one that this kind of connection must not get (<c>SUBSCRIBE</c>, <c>BLPOP</c>, <c>MULTI</c>, <c>SELECT</c>, <c>MONITOR</c> and
    /// their like, which would disturb the other callers): the message has the remedy.
    /// </exception>
    public ValueTask<RedisReply> ExecuteAsync(string command, params ReadOnlySpan<RedisArgument> arguments) =>
        ExecuteAsync(command, CancellationToken.None, arguments);

    /// <inheritdoc cref="ExecuteAsync(string, ReadOnlySpan{RedisArgument})" />
    /// <param name="command">Its name.</param>
    /// <param name="cancellationToken">Gives the command up; it may run nevertheless.</param>
    /// <param name="arguments">What follows the name, the keys marked.</param>
    public ValueTask<RedisReply> ExecuteAsync(string command, CancellationToken cancellationToken, params ReadOnlySpan<RedisArgument> arguments) =>
        SendAsync(Check(command, arguments), static (ref RespReader reader, RedisOperation _) => RedisReply.Read(ref reader), cancellationToken, arguments);

    /// <inheritdoc cref="ExecuteAsync(string, ReadOnlySpan{RedisArgument})" />
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="command">Its name.</param>
    /// <param name="parser">Makes the result of the reply, without copying it first.</param>
    /// <param name="cancellationToken">Gives the command up; it may run nevertheless.</param>
    /// <param name="arguments">What follows the name, the keys marked.</param>
    /// <returns>What the parser made.</returns>
    public ValueTask<T> ExecuteAsync<T>(
        string command, RedisReplyParser<T> parser, CancellationToken cancellationToken, params ReadOnlySpan<RedisArgument> arguments)
    {
        ArgumentNullException.ThrowIfNull(parser);
        var name = Check(command, arguments);
        var operation = RedisOperation<T>.Rent(CallParser<T>());
        operation.Encode(name, arguments, SlotUse);
        operation.Target = parser;
        return SendAsync(operation, cancellationToken);
    }

    /// <summary>Who may be disturbed by a command.</summary>
    private protected virtual CommandScope Scope => CommandScope.Shared;

    /// <summary>A command that changes the connection's state is about to be sent.</summary>
    private protected virtual void OnStateful()
    {
        // Refused everywhere but on a connection of the caller's own.
    }

    /// <summary>Calls the user's parser, which is the operation's target.</summary>
    private static ReplyParser<T> CallParser<T>() =>
        static (ref RespReader reader, RedisOperation operation) => ((RedisReplyParser<T>)operation.Target!)(ref reader);

    private CommandName Check(string command, ReadOnlySpan<RedisArgument> arguments)
    {
        var name = CommandNames.Get(command);
        if (CommandRules.Check(name, arguments, Scope))
        {
            OnStateful();
        }

        if (SlotUse == SlotUse.Cluster)
        {
            CommandRules.CheckKeys(name, arguments);
        }

        return name;
    }
}
