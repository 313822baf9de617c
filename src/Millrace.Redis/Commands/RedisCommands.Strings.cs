using System.Buffers;
using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    private static readonly CommandName Get = CommandName.Read("GET");
    private static readonly CommandName GetDel = CommandName.Write("GETDEL");
    private static readonly CommandName GetEx = CommandName.Write("GETEX");
    private static readonly CommandName GetRange = CommandName.Read("GETRANGE");
    private static readonly CommandName SetName = CommandName.Write("SET");
    private static readonly CommandName SetRange = CommandName.Write("SETRANGE");
    private static readonly CommandName Append = CommandName.Write("APPEND");
    private static readonly CommandName StrLen = CommandName.Read("STRLEN");
    private static readonly CommandName Incr = CommandName.Write("INCR");
    private static readonly CommandName IncrBy = CommandName.Write("INCRBY");
    private static readonly CommandName IncrByFloat = CommandName.Write("INCRBYFLOAT");
    private static readonly CommandName Decr = CommandName.Write("DECR");
    private static readonly CommandName DecrBy = CommandName.Write("DECRBY");

    /// <summary>GET: reads a value.</summary>
    /// <returns>The value; null when there is no such key.</returns>
    public ValueTask<byte[]?> GetAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Get, Replies.Bytes, cancellationToken, key);

    /// <summary>GET: reads a value into the caller's memory, which must stay as it is until the call has ended. Allocates nothing.</summary>
    /// <returns>The length of the whole value; -1 when there is no such key. When it exceeds the length of <paramref name="destination"/>, only
    /// as much as fits has been copied.</returns>
    public ValueTask<int> GetAsync(RedisKey key, Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        var operation = RedisOperation<int>.Rent(Replies.IntoMemory);
        operation.Encode(Get, [key], SlotUse);
        operation.Destination = destination;
        return SendAsync(operation, cancellationToken);
    }

    /// <summary>GET: reads a value into a writer, which is used until the call has ended, on the thread that receives.</summary>
    /// <returns>The value's length; -1 when there is no such key.</returns>
    public ValueTask<int> GetAsync(RedisKey key, IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var operation = RedisOperation<int>.Rent(Replies.IntoWriter);
        operation.Encode(Get, [key], SlotUse);
        operation.Target = destination;
        return SendAsync(operation, cancellationToken);
    }

    /// <summary>GET: reads a value into memory of a pool, which the caller gives back by disposing it.</summary>
    /// <returns>The value, in memory of exactly its length; null when there is no such key.</returns>
    public ValueTask<IMemoryOwner<byte>?> GetPooledAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Get, Replies.Pooled, cancellationToken, key);

    /// <summary>GET: reads a value as its caller needs it, without copying it first.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="parser">Makes the result of the value, or of null when there is no such key. Runs on the thread that receives, and must not block it.</param>
    /// <param name="cancellationToken">Gives the command up.</param>
    /// <returns>What the parser made.</returns>
    public ValueTask<T> GetAsync<T>(RedisKey key, RedisReplyParser<T> parser, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parser);
        var operation = RedisOperation<T>.Rent(CallParser<T>());
        operation.Encode(Get, [key], SlotUse);
        operation.Target = parser;
        return SendAsync(operation, cancellationToken);
    }

    /// <summary>GET: reads a value as text (UTF-8).</summary>
    /// <returns>The text; null when there is no such key.</returns>
    public ValueTask<string?> GetStringAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Get, Replies.Text, cancellationToken, key);

    /// <summary>GETDEL: reads a value and removes the key.</summary>
    /// <returns>The value; null when there was no such key.</returns>
    public ValueTask<byte[]?> GetDelAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(GetDel, Replies.Bytes, cancellationToken, key);

    /// <summary>GETEX: reads a value and sets when the key expires; <see cref="RedisExpiry.Never"/> takes its expiry away.</summary>
    /// <returns>The value; null when there is no such key.</returns>
    public ValueTask<byte[]?> GetExAsync(RedisKey key, RedisExpiry expiry, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(3);
        arguments.Add(key);
        expiry.AddGetOption(ref arguments);
        return SendAsync(GetEx, Replies.Bytes, ref arguments, cancellationToken);
    }

    /// <summary>GETRANGE: reads a part of a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="first">The part's first byte, from 0; negative counts from the end, -1 is the last.</param>
    /// <param name="last">The part's last byte, likewise.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The part; empty where there is nothing.</returns>
    public ValueTask<byte[]?> GetRangeAsync(RedisKey key, long first, long last, CancellationToken cancellationToken = default) =>
        SendAsync(GetRange, Replies.Bytes, cancellationToken, key, first, last);

    /// <summary>SET: writes a value, of whatever type the old one was; an expiry that the key had is taken away.</summary>
    /// <returns>True.</returns>
    public ValueTask<bool> SetAsync(RedisKey key, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(SetName, Replies.Boolean, cancellationToken, key, value);

    /// <summary>SET: writes a value with an expiry, always or depending on whether the key is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="expiry">When the key expires.</param>
    /// <param name="condition">Always, if absent (NX) or if present (XX). Default: always.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether it was written: false when the condition did not hold.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="condition"/> is another one.</exception>
    public ValueTask<bool> SetAsync(
        RedisKey key, RedisArgument value, RedisExpiry expiry, RedisCondition condition = RedisCondition.Always, CancellationToken cancellationToken = default)
    {
        var arguments = SetArguments(key, value, expiry, condition);
        return SendAsync(SetName, Replies.Boolean, ref arguments, cancellationToken);
    }

    /// <summary>SET with GET: writes a value and tells the one before.</summary>
    /// <param name="key">The key; what it holds must be text or bytes, or nothing.</param>
    /// <param name="value">The value.</param>
    /// <param name="expiry">When the key expires. Default: never.</param>
    /// <param name="condition">Always, if absent (NX) or if present (XX). Default: always.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The value before; null when there was none. It tells whether the condition held.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="condition"/> is another one.</exception>
    public ValueTask<byte[]?> SetAndGetAsync(
        RedisKey key, RedisArgument value, RedisExpiry expiry = default, RedisCondition condition = RedisCondition.Always, CancellationToken cancellationToken = default)
    {
        var arguments = SetArguments(key, value, expiry, condition);
        arguments.Add("GET");
        return SendAsync(SetName, Replies.Bytes, ref arguments, cancellationToken);
    }

    /// <summary>SETRANGE: overwrites a part of a value; a shorter one is filled up with zeros before it.</summary>
    /// <returns>The value's length afterwards.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is negative.</exception>
    public ValueTask<long> SetRangeAsync(RedisKey key, long offset, RedisArgument value, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return SendAsync(SetRange, Replies.Integer, cancellationToken, key, offset, value);
    }

    /// <summary>APPEND: adds to the end of a value, which is empty where there is none.</summary>
    /// <returns>The value's length afterwards.</returns>
    public ValueTask<long> AppendAsync(RedisKey key, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(Append, Replies.Integer, cancellationToken, key, value);

    /// <summary>STRLEN: the length of a value.</summary>
    /// <returns>Bytes; 0 when there is no such key.</returns>
    public ValueTask<long> StrLenAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(StrLen, Replies.Integer, cancellationToken, key);

    /// <summary>INCR: adds 1 to a whole number, 0 where there is none.</summary>
    /// <returns>The number afterwards.</returns>
    public ValueTask<long> IncrAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Incr, Replies.Integer, cancellationToken, key);

    /// <summary>INCRBY: adds to a whole number, 0 where there is none.</summary>
    /// <returns>The number afterwards.</returns>
    public ValueTask<long> IncrByAsync(RedisKey key, long amount, CancellationToken cancellationToken = default) =>
        SendAsync(IncrBy, Replies.Integer, cancellationToken, key, amount);

    /// <summary>INCRBYFLOAT: adds to a number, 0 where there is none.</summary>
    /// <returns>The number afterwards.</returns>
    public ValueTask<double> IncrByFloatAsync(RedisKey key, double amount, CancellationToken cancellationToken = default) =>
        SendAsync(IncrByFloat, Replies.Number, cancellationToken, key, amount);

    /// <summary>DECR: takes 1 from a whole number, 0 where there is none.</summary>
    /// <returns>The number afterwards.</returns>
    public ValueTask<long> DecrAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Decr, Replies.Integer, cancellationToken, key);

    /// <summary>DECRBY: takes from a whole number, 0 where there is none.</summary>
    /// <returns>The number afterwards.</returns>
    public ValueTask<long> DecrByAsync(RedisKey key, long amount, CancellationToken cancellationToken = default) =>
        SendAsync(DecrBy, Replies.Integer, cancellationToken, key, amount);

    private static ArgumentList SetArguments(RedisKey key, RedisArgument value, RedisExpiry expiry, RedisCondition condition)
    {
        var arguments = new ArgumentList(6);
        arguments.Add(key);
        arguments.Add(value);
        arguments.Add(condition, last: RedisCondition.IfPresent);
        expiry.AddSetOption(ref arguments);
        return arguments;
    }
}
