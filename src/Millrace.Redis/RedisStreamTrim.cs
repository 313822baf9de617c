using System.Runtime.InteropServices;
using Millrace.Redis.Commands;

namespace Millrace.Redis;

/// <summary>Which old entries of a stream are removed; the default value: none.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RedisStreamTrim
{
    private readonly long _length;
    private readonly string? _id;
    private readonly Form _form;

    private RedisStreamTrim(Form form, long length, string? id, bool exactly)
    {
        _form = form;
        _length = length;
        _id = id;
        IsExact = exactly;
    }

    private enum Form : byte
    {
        None,
        Length,
        Id,
    }

    /// <summary>No entry is removed. The default.</summary>
    public static RedisStreamTrim None => default;

    /// <summary>Whether exactly the named entries go; otherwise the server may leave a few more, which costs it far less (<c>~</c>).</summary>
    public bool IsExact { get; }

    /// <summary>The oldest entries go until a number is left (<c>MAXLEN</c>).</summary>
    /// <param name="length">How many are left; at least 0.</param>
    /// <param name="exactly">As <see cref="IsExact"/>. Default: false.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public static RedisStreamTrim ToLength(long length, bool exactly = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new(Form.Length, length, id: null, exactly);
    }

    /// <summary>Entries before an id go (<c>MINID</c>).</summary>
    /// <param name="id">The least id that is left.</param>
    /// <param name="exactly">As <see cref="IsExact"/>. Default: false.</param>
    /// <exception cref="ArgumentException"><paramref name="id"/> is null or empty.</exception>
    public static RedisStreamTrim BeforeId(string id, bool exactly = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return new(Form.Id, length: 0, id, exactly);
    }

    internal void AddTo(ref ArgumentList arguments)
    {
        if (_form == Form.None)
        {
            return;
        }

        arguments.Add(_form == Form.Length ? "MAXLEN" : "MINID");
        arguments.Add(IsExact ? "=" : "~");
        arguments.Add(_form == Form.Length ? _length : _id!);
    }
}
