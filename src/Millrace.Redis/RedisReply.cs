using System.Globalization;
using System.Text;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>
/// A reply to a command that has no method of its own: a value, or a list of replies. Immutable, safe for concurrent use. The methods that
/// convert take what a server of either version of the protocol may send for such a value; anything else throws <see cref="RedisException"/>.
/// </summary>
public sealed class RedisReply
{
    private static readonly RedisReply[] NoItems = [];

    private readonly byte[]? _content;              // of scalars, but for whole numbers and booleans
    private readonly RedisReply[]? _items;          // of aggregates; keys and values of pairs in turn
    private readonly RedisServerException? _error;
    private readonly long _number;

    private RedisReply(RespType type, byte[]? content = null, RedisReply[]? items = null, RedisServerException? error = null, long number = 0)
    {
        Type = type;
        _content = content;
        _items = items;
        _error = error;
        _number = number;
    }

    /// <summary>The type on the wire; a null of either version of the protocol is <see cref="RespType.Null"/>.</summary>
    public RespType Type { get; }

    /// <summary>Whether it is null.</summary>
    public bool IsNull => Type == RespType.Null;

    /// <summary>Whether it is an error, which only an item of a list can be: the error of a whole reply is thrown.</summary>
    public bool IsError => _error is not null;

    /// <summary>The error; null when it is none.</summary>
    public RedisServerException? Error => _error;

    /// <summary>How many items it has, keys and values of pairs counted each; 0 when it is no list.</summary>
    public int Count => _items?.Length ?? 0;

    /// <summary>The items of a list, a set, a push or pairs (keys and values in turn); empty when it is null.</summary>
    /// <exception cref="RedisException">It is a single value.</exception>
    public IReadOnlyList<RedisReply> Items => _items ?? (IsNull ? NoItems : throw Unexpected("a list"));

    /// <summary>
    /// Pairs of key and value in the server's order: a map, or the list of keys and values in turn that RESP2 has instead. Empty when it is null.
    /// </summary>
    /// <exception cref="RedisException">It is a single value, or a list of an odd number of items.</exception>
    public IReadOnlyList<KeyValuePair<RedisReply, RedisReply>> Pairs
    {
        get
        {
            var items = Items;
            if (items.Count % 2 != 0)
            {
                throw Unexpected("pairs");
            }

            var pairs = new KeyValuePair<RedisReply, RedisReply>[items.Count / 2];
            for (var i = 0; i < pairs.Length; i++)
            {
                pairs[i] = new(items[2 * i], items[(2 * i) + 1]);
            }

            return pairs;
        }
    }

    /// <summary>An item of a list.</summary>
    /// <param name="index">Its place, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The list has no such place.</exception>
    /// <exception cref="RedisException">It is a single value.</exception>
    public RedisReply this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Items.Count);
            return _items![index];
        }
    }

    /// <summary>A whole number, also one that is sent as text or as a boolean.</summary>
    /// <exception cref="RedisException">It is none, or null.</exception>
    public long AsInt64() => Type switch
    {
        RespType.Integer or RespType.Boolean => _number,
        RespType.BulkString or RespType.SimpleString when RespNumber.TryParseInteger(_content, out var number) => number,
        _ => throw Unexpected("a whole number"),
    };

    /// <summary>A number, also one that is sent as text.</summary>
    /// <exception cref="RedisException">It is none, or null.</exception>
    public double AsDouble() => Type switch
    {
        RespType.Integer => _number,
        RespType.Double or RespType.BulkString or RespType.SimpleString when RespNumber.TryParseDouble(_content, out var number) => number,
        _ => throw Unexpected("a number"),
    };

    /// <summary>True or false: RESP3's booleans, the whole numbers 1 and 0, the line <c>OK</c>; null is false.</summary>
    /// <exception cref="RedisException">It is something else.</exception>
    public bool AsBoolean() => Type switch
    {
        RespType.Null => false,
        RespType.SimpleString when _content.AsSpan().SequenceEqual("OK"u8) => true,
        RespType.Integer or RespType.Boolean or RespType.BulkString when AsInt64() is 0 or 1 => AsInt64() == 1,
        _ => throw Unexpected("true or false"),
    };

    /// <summary>Text; numbers and booleans as they stand on the wire. Bytes that are no UTF-8 become replacement characters.</summary>
    /// <returns>The text; null for null.</returns>
    /// <exception cref="RedisException">It is a list or an error.</exception>
    public string? AsString() => Type switch
    {
        RespType.Null => null,
        RespType.Integer => _number.ToString(CultureInfo.InvariantCulture),
        RespType.Boolean => _number == 1 ? "t" : "f",
        _ => _content is null ? throw Unexpected("text or bytes") : Encoding.UTF8.GetString(_content),
    };

    /// <summary>Bytes, a copy; numbers and booleans as they stand on the wire.</summary>
    /// <returns>The bytes; null for null.</returns>
    /// <exception cref="RedisException">It is a list or an error.</exception>
    public byte[]? AsBytes() => Type is RespType.Integer or RespType.Boolean
        ? Encoding.ASCII.GetBytes(AsString()!)
        : IsNull ? null : _content is null ? throw Unexpected("text or bytes") : [.. _content];

    /// <summary>The type, with the number of items or bytes. The content is not shown, because it may be a secret.</summary>
    public override string ToString() => this switch
    {
        { _items: not null } => $"{Type} of {Count}",
        { _content: not null } => $"{Type} of {_content.Length} bytes",
        { _error: not null } => $"{Type} {_error.Code}",
        _ => Type.ToString(),
    };

    /// <summary>Reads one. The nesting is bounded by the connection's limits.</summary>
    internal static RedisReply Read(ref RespReader reader)
    {
        if (reader.IsError)
        {
            return new RedisReply(reader.Type, error: reader.ReadError());
        }

        if (reader.TryReadNull())
        {
            return new RedisReply(RespType.Null);
        }

        var type = reader.Type;
        if (type is RespType.Integer or RespType.Boolean)
        {
            return new RedisReply(type, number: reader.ReadInt64());
        }

        if (!reader.IsAggregate)
        {
            return new RedisReply(type, content: reader.ReadBytes());
        }

        var count = reader.ReadAggregateHeader();
        var items = count == 0 ? NoItems : new RedisReply[count]; // all of them have arrived: a count is never a promise here
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = Read(ref reader);
        }

        return new RedisReply(type, items: items);
    }

    private RedisException Unexpected(string wanted) =>
        _error ?? new RedisException($"The reply is {this}: {wanted} was expected.");
}
