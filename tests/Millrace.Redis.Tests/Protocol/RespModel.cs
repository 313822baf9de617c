using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Tests.Protocol;

/// <summary>What a reply means, by the grammar written down as plainly as it goes: slow, recursive, all bytes there at once.</summary>
internal sealed partial class RespModel
{
    private readonly byte[] _bytes;
    private readonly RespLimits _limits;
    private int _at;
    private long _elements;

    private RespModel(byte[] bytes, RespLimits limits) => (_bytes, _limits) = (bytes, limits);

    /// <summary>Reads the first reply.</summary>
    /// <returns>It as text, as <see cref="Replies"/> shows it, and its length; "malformed" or "goes on", and -1.</returns>
    public static (string Text, int Length) Read(byte[] bytes, RespLimits limits)
    {
        var model = new RespModel(bytes, limits);
        try
        {
            return (model.Value(depth: 0), model._at);
        }
        catch (FormatException)
        {
            return ("malformed", -1);
        }
        catch (EndOfStreamException)
        {
            return ("goes on", -1);
        }
    }

    private string Value(int depth)
    {
        var type = (RespType)(_at < _bytes.Length ? _bytes[_at] : throw new EndOfStreamException());
        switch (type)
        {
            case RespType.SimpleString:
                return $"{type}({Line()})";
            case RespType.Error:
                return $"error({Utf8(Line())})";
            case RespType.Integer:
                return long.TryParse(Line("[+-]?[0-9]+"), CultureInfo.InvariantCulture, out var integer) ? $"Integer({integer})" : throw new FormatException();
            case RespType.Null:
                return Line("") + "null";
            case RespType.Boolean:
                return $"Boolean({Line("[tf]") == "t"})";
            case RespType.Double:
                return string.Create(CultureInfo.InvariantCulture, $"Double({Double(Line()):R})");
            case RespType.BigNumber:
                return $"{type}({Line("[+-]?[0-9]+")})";
            case RespType.BulkString:
                return Payload() is { } bulk ? $"{type}({bulk})" : "null";
            case RespType.BulkError:
                return $"error({Utf8(Payload() ?? throw new FormatException())})";
            case RespType.VerbatimString:
                return Payload() is { Length: >= 4 } text && text[3] == ':' ? $"{type}({text[4..]})" : throw new FormatException();
            case RespType.Attribute:
                Items(depth);
                return Value(depth);
            case RespType.Array:
                return Items(depth) is { } array ? $"{type}[{array}]" : "null";
            case RespType.Push when depth > 0:
                throw new FormatException();
            case RespType.Set or RespType.Map or RespType.Push:
                var items = Items(depth) ?? throw new FormatException();
                return items.Length > 0 || type != RespType.Push ? $"{type}[{items}]" : throw new FormatException();
            default:
                throw new FormatException();
        }
    }

    private string? Items(int depth)
    {
        var type = (RespType)_bytes[_at];
        var count = long.Parse(Line("-1|[0-9]{1,17}"), CultureInfo.InvariantCulture);
        if (count < 0)
        {
            return type == RespType.Array ? null : throw new FormatException();
        }

        count *= type is RespType.Map or RespType.Attribute ? 2 : 1;
        _elements += count;
        if (_elements > _limits.Elements || (count > 0 && depth + 1 > _limits.Depth))
        {
            throw new FormatException();
        }

        var items = new List<string>();
        for (var i = 0; i < count; i++)
        {
            items.Add(Value(depth + 1));
        }

        return string.Join(", ", items);
    }

    private string? Payload()
    {
        var isBulk = _bytes[_at] == '$';
        var isVerbatim = _bytes[_at] == '=';
        var length = long.Parse(Line("-1|[0-9]{1,17}"), CultureInfo.InvariantCulture);
        if (length < 0)
        {
            return isBulk ? null : throw new FormatException();
        }

        if (_at + length + 2 > _limits.Bytes || (isVerbatim && length < 4))
        {
            throw new FormatException();
        }

        if (_at + length + 2 > _bytes.Length)
        {
            throw new EndOfStreamException();
        }

        var payload = Encoding.Latin1.GetString(_bytes, _at, (int)length);
        _at += (int)length + 2;
        return _bytes[_at - 2] == '\r' && _bytes[_at - 1] == '\n' ? payload : throw new FormatException();
    }

    private string Line(string? pattern = null)
    {
        var length = Array.IndexOf(_bytes, (byte)'\r', _at) - _at;
        if (length < 0)
        {
            throw _bytes.Length - _at > RespLimits.LineBytes ? new FormatException() : new EndOfStreamException();
        }

        if (length <= RespLimits.LineBytes && _at + length + 1 == _bytes.Length)
        {
            throw new EndOfStreamException();
        }

        if (length > RespLimits.LineBytes || _at + length + 2 > _limits.Bytes)
        {
            throw new FormatException();
        }

        var text = Encoding.Latin1.GetString(_bytes, _at + 1, length - 1);
        var isValid = _bytes[_at + length + 1] == '\n' && !text.Contains('\n', StringComparison.Ordinal);
        _at += length + 2;
        return isValid && (pattern is null || Regex.IsMatch(text, $@"\A({pattern})\z", RegexOptions.None, TimeSpan.FromSeconds(10)))
            ? text : throw new FormatException();
    }

    private static double Double(string text) => text switch
    {
        "inf" or "+inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" or "-nan" => double.NaN,
        _ => DecimalText().IsMatch(text) ? double.Parse(text, CultureInfo.InvariantCulture) : throw new FormatException(),
    };

    [GeneratedRegex(@"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex DecimalText();

    private static string Utf8(string latin) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin));
}
