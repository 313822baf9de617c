using System.Globalization;
using System.Runtime.InteropServices;
using Millrace.Redis.Commands;

namespace Millrace.Redis;

/// <summary>
/// When a key or a field stops to exist: never (the default value), after a while, at a moment, or as it was. Sent in whole milliseconds;
/// a part of one counts as a whole. Made from a <see cref="TimeSpan"/> or a <see cref="DateTimeOffset"/> by itself.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RedisExpiry
{
    private readonly Form _form;
    private readonly long _milliseconds; // a duration, or since 1970

    private RedisExpiry(Form form, long milliseconds)
    {
        _form = form;
        _milliseconds = milliseconds;
    }

    private enum Form : byte
    {
        Never,
        Keep,
        After,
        At,
    }

    /// <summary>It does not expire; an expiry that was set before is taken away. The default.</summary>
    public static RedisExpiry Never => default;

    /// <summary>It expires when it would have without this command.</summary>
    public static RedisExpiry Keep => new(Form.Keep, 0);

    /// <summary>It expires after a while, counted by the server from the moment it runs the command.</summary>
    /// <param name="duration">More than zero.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="duration"/> is zero or less.</exception>
    public static RedisExpiry After(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        return new(Form.After, WholeMilliseconds(duration));
    }

    /// <summary>It expires at a moment of the server's clock; one that has passed removes it at once.</summary>
    /// <param name="moment">After the beginning of 1970 (UTC).</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="moment"/> is not after the beginning of 1970.</exception>
    public static RedisExpiry At(DateTimeOffset moment)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(moment, DateTimeOffset.UnixEpoch);
        return new(Form.At, WholeMilliseconds(moment - DateTimeOffset.UnixEpoch));
    }

    /// <summary>As <see cref="After"/>.</summary>
    /// <param name="duration">More than zero.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="duration"/> is zero or less.</exception>
    public static implicit operator RedisExpiry(TimeSpan duration) => After(duration);

    /// <summary>As <see cref="At"/>.</summary>
    /// <param name="moment">After the beginning of 1970 (UTC).</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="moment"/> is not after the beginning of 1970.</exception>
    public static implicit operator RedisExpiry(DateTimeOffset moment) => At(moment);

    /// <summary>What it says, for people.</summary>
    public override string ToString() => _form switch
    {
        Form.After => $"after {TimeSpan.FromMilliseconds(_milliseconds)}",
        Form.At => DateTimeOffset.FromUnixTimeMilliseconds(_milliseconds).ToString("O", CultureInfo.InvariantCulture),
        Form.Keep => "as it was",
        _ => "never",
    };

    /// <summary>A duration, at least zero, in milliseconds, parts rounded up.</summary>
    internal static long WholeMilliseconds(TimeSpan duration) =>
        (duration.Ticks / TimeSpan.TicksPerMillisecond) + (duration.Ticks % TimeSpan.TicksPerMillisecond > 0 ? 1 : 0);

    /// <summary>Writes the option of SET (<c>PX</c>, <c>PXAT</c>, <c>KEEPTTL</c>, nothing).</summary>
    internal void AddSetOption(ref ArgumentList arguments)
    {
        if (!AddTime(ref arguments) && _form == Form.Keep)
        {
            arguments.Add("KEEPTTL");
        }
    }

    /// <summary>Writes the option of GETEX (<c>PX</c>, <c>PXAT</c>, <c>PERSIST</c>, nothing).</summary>
    internal void AddGetOption(ref ArgumentList arguments)
    {
        if (!AddTime(ref arguments) && _form == Form.Never)
        {
            arguments.Add("PERSIST");
        }
    }

    /// <summary>The milliseconds of an expiry that has a time.</summary>
    /// <param name="expiry">The expiry.</param>
    /// <param name="isMoment">Whether they count from 1970.</param>
    /// <exception cref="ArgumentException">It has none.</exception>
    internal static long Time(RedisExpiry expiry, out bool isMoment)
    {
        isMoment = expiry._form == Form.At;
        return expiry._form is Form.After or Form.At
            ? expiry._milliseconds
            : throw new ArgumentException("An expiry after a while or at a moment is needed here; to take an expiry away use the method that persists.", nameof(expiry));
    }

    private bool AddTime(ref ArgumentList arguments)
    {
        if (_form is not (Form.After or Form.At))
        {
            return false;
        }

        arguments.Add(_form == Form.After ? "PX" : "PXAT");
        arguments.Add(_milliseconds);
        return true;
    }
}
