using System.Buffers;
using System.Runtime.CompilerServices;
using Millrace.Redis.Connection;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    private const int FewArguments = 16;

    /// <summary>
    /// Runs a script. It is sent by its hash; where the server does not have it, the client sends it once more in full, as soon as the server's
    /// answer tells so. A first run may therefore run after commands that were sent after it without awaiting it. In a batch and in a
    /// transaction it cannot: there the first run of a script on each slot is sent in full.
    /// </summary>
    /// <param name="script">The script.</param>
    /// <param name="keys">Its keys, as many as it says; in a cluster all in one slot.</param>
    /// <param name="arguments">Its further arguments.</param>
    /// <param name="cancellationToken">Gives it up; it may run nevertheless.</param>
    /// <returns>What the script returned.</returns>
    /// <exception cref="ArgumentException">The number of keys is not the script's.</exception>
    /// <exception cref="RedisServerException">The script failed, or could not be compiled.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<RedisReply> EvaluateAsync(
        RedisScript script, ReadOnlySpan<RedisKey> keys, ReadOnlySpan<RedisArgument> arguments, CancellationToken cancellationToken = default) =>
        EvaluateAsync(script, static (ref RespReader reader, RedisOperation _) => RedisReply.Read(ref reader), target: null, keys, arguments, cancellationToken);

    /// <inheritdoc cref="EvaluateAsync(RedisScript, ReadOnlySpan{RedisKey}, ReadOnlySpan{RedisArgument}, CancellationToken)" />
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="script">The script.</param>
    /// <param name="parser">Makes the result of what the script returned.</param>
    /// <param name="keys">Its keys, as many as it says; in a cluster all in one slot.</param>
    /// <param name="arguments">Its further arguments.</param>
    /// <param name="cancellationToken">Gives it up; it may run nevertheless.</param>
    /// <returns>What the parser made.</returns>
    public ValueTask<T> EvaluateAsync<T>(
        RedisScript script, RedisReplyParser<T> parser, ReadOnlySpan<RedisKey> keys, ReadOnlySpan<RedisArgument> arguments, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parser);
        return EvaluateAsync(script, CallParser<T>(), parser, keys, arguments, cancellationToken);
    }

    /// <summary>Whether a run is to be sent in full: the runs after it are not to find the script missing.</summary>
    private protected virtual bool IsSentInFull(RedisScript script, int slot) => false;

    private protected ValueTask<T> EvaluateAsync<T>(
        RedisScript script, ReplyParser<T> parser, object? target, ReadOnlySpan<RedisKey> keys, ReadOnlySpan<RedisArgument> arguments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(script);
        if (keys.Length != script.KeyCount)
        {
            throw new ArgumentException($"The script {script.Hash} takes {script.KeyCount} keys and got {keys.Length}.", nameof(keys));
        }

        var operation = RedisOperation<T>.Rent(parser);
        operation.Target = target;
        operation.Script = script;
        var count = 2 + keys.Length + arguments.Length;
        if (count <= FewArguments)
        {
            var few = default(ScriptArguments);
            Encode(operation, script, keys, arguments, few[..count]);
        }
        else
        {
            var many = ArrayPool<RedisArgument>.Shared.Rent(count);
            Encode(operation, script, keys, arguments, many.AsSpan(0, count));
            ArrayPool<RedisArgument>.Shared.Return(many, clearArray: true);
        }

        return SendAsync(operation, cancellationToken);
    }

    private void Encode(RedisOperation operation, RedisScript script, ReadOnlySpan<RedisKey> keys, ReadOnlySpan<RedisArgument> arguments, Span<RedisArgument> all)
    {
        all[0] = script.HashBytes;
        all[1] = keys.Length;
        for (var i = 0; i < keys.Length; i++)
        {
            all[2 + i] = keys[i];
        }

        arguments.CopyTo(all[(2 + keys.Length)..]);
        operation.Encode(script.Name, all, SlotUse);
        if (IsSentInFull(script, operation.Slot))
        {
            script.WriteSource(operation);
        }
    }

    [InlineArray(FewArguments)]
    private struct ScriptArguments
    {
        private RedisArgument _first;
    }
}
