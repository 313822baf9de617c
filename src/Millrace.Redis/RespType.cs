using System.Diagnostics.CodeAnalysis;

namespace Millrace.Redis;

/// <summary>The types of the Redis serialization protocol, RESP2 and RESP3. The value is the byte that starts the type on the wire.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The protocol's own names.")]
public enum RespType : byte
{
    /// <summary>Nothing has been read.</summary>
    None = 0,

    /// <summary>A short line of text such as <c>OK</c>.</summary>
    SimpleString = (byte)'+',

    /// <summary>An error in one line; its first word is the code.</summary>
    Error = (byte)'-',

    /// <summary>A 64-bit signed integer.</summary>
    Integer = (byte)':',

    /// <summary>Bytes with a length; RESP2's null when the length is -1.</summary>
    BulkString = (byte)'$',

    /// <summary>A list of values; RESP2's null when the length is -1.</summary>
    Array = (byte)'*',

    /// <summary>RESP3: null.</summary>
    Null = (byte)'_',

    /// <summary>RESP3: true or false.</summary>
    Boolean = (byte)'#',

    /// <summary>RESP3: a 64-bit floating-point number; <c>inf</c>, <c>-inf</c> and <c>nan</c> too.</summary>
    Double = (byte)',',

    /// <summary>RESP3: an integer of any size.</summary>
    BigNumber = (byte)'(',

    /// <summary>RESP3: an error with a length, of several lines perhaps.</summary>
    BulkError = (byte)'!',

    /// <summary>RESP3: text with a three-letter format such as <c>txt</c> or <c>mkd</c>.</summary>
    VerbatimString = (byte)'=',

    /// <summary>RESP3: pairs of key and value.</summary>
    Map = (byte)'%',

    /// <summary>RESP3: a set of values, in no order.</summary>
    Set = (byte)'~',

    /// <summary>RESP3: pairs that describe the value after them. Readers here step over them.</summary>
    Attribute = (byte)'|',

    /// <summary>RESP3: a message that is no reply: an invalidation, a publication.</summary>
    Push = (byte)'>',
}
